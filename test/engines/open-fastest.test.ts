// Where several engines may run a network, the fastest does; it is found once.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  DEFAULT_ENGINE,
  type EngineChoice,
  type InferenceEngine,
  openFastest,
  type Tensor,
} from '../../src/engines/index.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-fastest-'));
after(() => rm(folder, { recursive: true }));
const network = join(folder, 'network.onnx');
await writeFile(network, 'its bytes are its name');

const [quick, slow] = ['quick', 'slow'].map(
  (description): EngineChoice => ({ ...DEFAULT_ENGINE, description }),
);
assert.ok(quick && slow);

/** Engines of which "slow" takes 30 ms; `broken` are those that cannot open or run. Notes what is opened and closed. */
function machine(broken: { readonly open?: string; readonly run?: string } = {}) {
  const open: string[] = [];
  const opened: string[] = [];
  const opener = async ({ description, precision }: EngineChoice): Promise<InferenceEngine> => {
    if (broken.open === description) throw new Error(`${description} cannot open it`);
    opened.push(description);
    open.push(description);
    return {
      description,
      precision,
      state: 'ready',
      run: async (input: Tensor) => {
        if (broken.run === description) throw new Error(`${description} cannot run it`);
        if (description === 'slow') await new Promise((resolve) => setTimeout(resolve, 30));
        return input;
      },
      close: async () => void open.splice(open.indexOf(description), 1),
    };
  };
  return { open, opened, opener };
}

/** Candidates that run one file. */
const of = (choices: readonly EngineChoice[]) => choices.map((choice) => ({ choice, path: network }));

const options = { threads: 1, typicalShape: [1, 3, 4, 4] };

describe('the fastest engine', () => {
  test('runs the network, whichever is named first; the others are closed; a second start times nothing', async () => {
    for (const candidates of [
      [slow, quick],
      [quick, slow],
    ]) {
      const timings = join(folder, `timings-${candidates[0]?.description}`);
      const first = machine();
      const engine = await openFastest(of(candidates), options, first.opener, timings);
      assert.equal(engine.description, 'quick');
      assert.deepEqual(first.open, ['quick']);
      assert.deepEqual(engine.timings?.map(({ engine }) => engine).sort(), ['quick f32', 'slow f32']);
      const [a = 0, b = 0] = engine.timings?.map(({ ms }) => ms) ?? [];
      assert.ok(Math.max(a, b) >= 29);
      const second = machine();
      const again = await openFastest(of(candidates), options, second.opener, timings);
      assert.deepEqual(again.timings, engine.timings);
      assert.deepEqual(second.opened, ['quick']);
      // Under other threads it is another question.
      const third = machine();
      await openFastest(of(candidates), { ...options, threads: 2 }, third.opener, timings);
      assert.equal(third.opened.length, 3);
    }
  });

  test('a record that is damaged is made anew', async () => {
    const timings = join(folder, 'damaged');
    await openFastest(of([slow, quick]), options, machine().opener, timings);
    const [record = ''] = await readdir(timings);
    for (const text of ['', '[', '[]', '[{"engine":"other f32","ms":1}]', '{"engine":1}']) {
      await writeFile(join(timings, record), text);
      const { opener, opened } = machine();
      assert.equal((await openFastest(of([slow, quick]), options, opener, timings)).description, 'quick');
      assert.equal(opened.length, 3, text);
    }
  });

  test('one that cannot open or run it is no candidate; where none can, the first says why', async () => {
    for (const broken of [{ open: 'quick' }, { run: 'quick' }]) {
      const { opener, open } = machine(broken);
      const timings = join(folder, `broken-${Object.keys(broken)}`);
      const engine = await openFastest(of([quick, slow]), options, opener, timings);
      assert.equal(engine.description, 'slow');
      assert.deepEqual(open, ['slow']);
      assert.deepEqual(await readdir(timings).catch(() => []), [], 'it may work another time');
    }
    const { opener, open } = machine({ open: 'quick', run: 'slow' });
    const none = openFastest(of([quick, slow]), options, opener, join(folder, 'none'));
    await assert.rejects(none, /quick cannot open it/);
    assert.deepEqual(open, []);
  });
});
