// The log of a run: equal bytes after kills, and event files that TensorBoard reads.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { SkyfixError } from 'skyfix/errors';
import { decodeImage } from 'skyfix/imaging';
import { crc32c } from '../../runs/crc32c.js';
import { isScalars, readMetrics } from '../../runs/metrics-file.js';
import { openRunLog, type RunLog } from '../../runs/run-log.js';
import { readEventFile, readEventFolder } from '../support/event-reader.js';

const STAGES = [
  { stage: 'generation', steps: 11 },
  { stage: 'encoder', steps: 14 },
] as const;
const TOTAL = 25;

/** What step `step` of a stage logs: a function of the step, as in a run with a seed. */
function logStep(log: RunLog, stage: string, step: number): void {
  log.scalars(stage, step, { loss: 1 / step, rate: stage.length * 1e-4 });
  if (step % 4 === 0)
    log.event(stage, step, 'self-training', { iteration: step, threshold: step / 20, correct: null });
}

/** Steps `from` to `to` of both stages counted together. */
function logSteps(log: RunLog, from: number, to: number): void {
  for (let k = from; k < to; k++) {
    const first = k < STAGES[0].steps;
    logStep(log, first ? 'generation' : 'encoder', first ? k + 1 : k - STAGES[0].steps + 1);
  }
}

const resumeAt = (k: number) => ({
  generation: Math.min(k, STAGES[0].steps),
  encoder: Math.max(0, k - STAGES[0].steps),
});

const metrics = (dir: string) => readFileSync(join(dir, 'metrics.jsonl'), 'utf8');

describe('CRC-32C', () => {
  it('is that of RFC 3720, appendix B.4', () => {
    assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, k) => k)), 0x46dd794e);
    assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, k) => 31 - k)), 0x113fdb5c);
    assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  });
});

describe('run log', () => {
  let folder = '';
  let count = 0;
  const fresh = () => join(folder, `run-${count++}`);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skyfix-run-log-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  it('ends with the same bytes after two kills at any step, in the middle of a line too', async () => {
    const whole = fresh();
    const log = await openRunLog(whole);
    logSteps(log, 0, TOTAL);
    await log.close();
    const kill = fc.record({
      at: fc.integer({ min: 0, max: TOTAL }),
      lost: fc.integer({ min: 0, max: 3 }),
      cutBytes: fc.integer({ min: 0, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(kill, kill, async (first, second) => {
        const dir = fresh();
        let from = 0;
        for (const { at, lost, cutBytes } of [first, second]) {
          const killed = await openRunLog(dir, { resume: resumeAt(from) });
          const to = Math.max(from, at);
          logSteps(killed, from, to);
          await killed.close();
          // the checkpoint is older than the last line, or the last line was not written to its end
          const next = Math.max(from, to - lost);
          const bytes = Buffer.byteLength(metrics(dir));
          if (to > next && cutBytes > 0)
            truncateSync(join(dir, 'metrics.jsonl'), Math.max(0, bytes - cutBytes));
          else appendFileSync(join(dir, 'metrics.jsonl'), '{"stage":"generation","st'.slice(0, cutBytes));
          from = next;
        }
        const last = await openRunLog(dir, { resume: resumeAt(from) });
        logSteps(last, from, TOTAL);
        await last.close();
        assert.equal(metrics(dir), metrics(whole));
        for (const { stage, steps } of STAGES) {
          const events = readEventFolder(join(dir, 'tensorboard', stage));
          const losses = events.filter(({ values }) => values[0]?.tag === 'loss').map(({ step }) => step);
          assert.deepEqual(
            losses,
            Array.from({ length: steps }, (_, k) => k + 1),
            `double or missing steps of ${stage}`,
          );
        }
      }),
      { numRuns: 40 },
    );
  });

  it('loses no line when the process is killed', () => {
    const dir = fresh();
    const module = new URL('../../runs/run-log.js', import.meta.url).href;
    const script = `import { openRunLog } from ${JSON.stringify(module)};
      const log = await openRunLog(${JSON.stringify(dir)});
      for (let step = 1; step <= 50; step++) log.scalars('encoder', step, { loss: step });
      process.kill(process.pid, 'SIGKILL');`;
    const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    assert.equal(signal, 'SIGKILL', stderr);
    assert.equal(metrics(dir).trimEnd().split('\n').length, 50);
    assert.equal(readEventFolder(join(dir, 'tensorboard', 'encoder')).length, 50);
  });

  it('writes events that a second implementation reads', async () => {
    const dir = fresh();
    const log = await openRunLog(dir, { now: () => 1_700_000_000_500 });
    log.scalars('encoder', 300, { loss: 0.25, bad: Number.NaN });
    log.event('encoder', 300, 'self-training', { threshold: 0.5, note: 'no number' });
    const data = Uint8Array.from({ length: 5 * 3 * 3 }, (_, k) => k * 5);
    await log.images('encoder/views', 300, { widthPx: 5, heightPx: 3, data });
    await log.close();
    const [file = ''] = readdirSync(join(dir, 'tensorboard/encoder'));
    const [version, start, scalars, event, image] = readEventFile(join(dir, 'tensorboard/encoder', file));
    assert.match(file, /^events\.out\.tfevents\.1700000000\./);
    assert.equal(version?.fileVersion, 'brain.Event:2');
    assert.ok(start?.restart);
    assert.deepEqual([scalars?.wallTime, scalars?.step], [1_700_000_000.5, 300]);
    assert.deepEqual(scalars?.values, [
      { tag: 'loss', scalar: 0.25 },
      { tag: 'bad', scalar: Number.NaN },
    ]);
    assert.deepEqual(event?.values, [{ tag: 'self-training/threshold', scalar: 0.5 }]);
    assert.equal(image?.values[0]?.tag, 'views');
    assert.deepEqual(image?.values[0]?.image?.size, [3, 5, 3]);
    const png = image?.values[0]?.image?.png ?? Buffer.alloc(0);
    assert.deepEqual((await decodeImage(png)).data, data);
    assert.deepEqual(readFileSync(join(dir, 'samples/encoder/views-000300.png')), png);
    const lines = await readMetrics(join(dir, 'metrics.jsonl'));
    assert.deepEqual(lines.filter(isScalars)[0]?.values, { loss: 0.25, bad: null });
    assert.deepEqual(lines[1], {
      stage: 'encoder',
      step: 300,
      kind: 'self-training',
      data: { threshold: 0.5, note: 'no number' },
    });
  });

  it('keeps the stages that are not named, and sorts a start within the same second behind the last one', async () => {
    const dir = fresh();
    const now = () => 1_700_000_000_000;
    for (let start = 0; start < 3; start++) {
      const log = await openRunLog(dir, { now, ...(start > 0 && { resume: { encoder: 1 } }) });
      if (start === 0) logStep(log, 'generation', 9);
      logStep(log, 'encoder', start === 0 ? 1 : 2);
      await log.close();
    }
    const lines = await readMetrics(join(dir, 'metrics.jsonl'));
    assert.deepEqual(
      lines.map(({ stage, step }) => [stage, step]),
      [
        ['generation', 9],
        ['encoder', 1],
        ['encoder', 2],
      ],
    );
    const seconds = readdirSync(join(dir, 'tensorboard/encoder')).map((name) => name.split('.')[3]);
    assert.deepEqual(seconds.sort(), ['1700000000', '1700000001', '1700000002']);
  });

  it('is closed once: again leaves alone what has been opened since', async () => {
    const dir = fresh();
    const log = await openRunLog(dir);
    logStep(log, 'encoder', 1);
    await log.close();
    // It gets the numbers that the log's files had.
    const others = Array.from({ length: 8 }, (_, k) => openSync(join(dir, `other-${k}`), 'w'));
    await log.close();
    for (const other of others) {
      writeSync(other, 'x');
      closeSync(other);
    }
  });

  it('names the damaged line with DATASET_INVALID', async () => {
    const dir = fresh();
    const log = await openRunLog(dir);
    logStep(log, 'encoder', 1);
    await log.close();
    for (const damage of [
      '{"stage":"enc',
      '{"stage":"encoder","step":1.5,"kind":"scalars","values":{}}',
      'null',
    ]) {
      writeFileSync(join(dir, 'metrics.jsonl'), `${metrics(dir).split('\n')[0]}\n${damage}\n`);
      const check = (error: unknown) =>
        error instanceof SkyfixError &&
        error.code === 'DATASET_INVALID' &&
        /metrics\.jsonl line 2 /.test(error.message);
      await assert.rejects(readMetrics(join(dir, 'metrics.jsonl')), check);
      await assert.rejects(openRunLog(dir, { resume: { encoder: 0 } }), check);
    }
  });

  it('is read by TensorBoard, where it is installed, without double steps', async (t) => {
    const python = process.env.SKYFIX_TENSORBOARD_PYTHON ?? 'python3';
    if (spawnSync(python, ['-c', 'import tensorboard']).status !== 0) {
      t.skip(`${python} has no package tensorboard`);
      return;
    }
    const dir = fresh();
    const image = { widthPx: 4, heightPx: 2, data: new Uint8Array(24).fill(90) };
    for (const [from, to] of [
      [0, 20],
      [16, TOTAL],
    ] as const) {
      const log = await openRunLog(dir, { resume: resumeAt(from) });
      logSteps(log, from, to);
      await log.images('encoder/views', to - STAGES[0].steps, image);
      await log.close();
      // a kill in the middle of a record
      const board = join(dir, 'tensorboard/encoder');
      const newest = readdirSync(board).sort().at(-1) ?? '';
      if (from === 0) appendFileSync(join(board, newest), readFileSync(join(board, newest)).subarray(0, 30));
    }
    const script = `
import json, sys
from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
from tensorboard.util import tensor_util
out = {}
for stage in ('generation', 'encoder'):
    folder = sys.argv[1] + '/tensorboard/' + stage
    events = event_accumulator.EventAccumulator(folder, size_guidance={'scalars': 0, 'images': 0}).Reload()
    out[stage] = {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()['scalars']}
    out[stage + ' images'] = {tag: [[e.step, e.width, e.height] for e in events.Images(tag)] for tag in events.Tags()['images']}
    # the one behind the web page
    events = plugin_event_accumulator.EventAccumulator(folder, size_guidance={'tensors': 0}).Reload()
    out[stage + ' page'] = {'loss': [[e.step, tensor_util.make_ndarray(e.tensor_proto).item()] for e in events.Tensors('loss')]}
print(json.dumps(out))`;
    const { status, stdout, stderr } = spawnSync(python, ['-c', script, dir], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const read = JSON.parse(stdout) as Record<string, Record<string, number[][]>>;
    for (const { stage, steps } of STAGES) {
      const expected = Array.from({ length: steps }, (_, k) => [k + 1, Math.fround(1 / (k + 1))]);
      assert.deepEqual(read[stage]?.loss, expected);
      assert.deepEqual(read[`${stage} page`]?.loss, expected);
      assert.deepEqual(
        read[stage]?.['self-training/threshold'],
        expected
          .filter(([step]) => (step ?? 0) % 4 === 0)
          .map(([step]) => [step, Math.fround((step ?? 0) / 20)]),
      );
    }
    assert.deepEqual(read['encoder images'], { views: [[14, 4, 2]] });
  });
});
