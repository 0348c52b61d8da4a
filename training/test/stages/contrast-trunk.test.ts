// Stage 1 with the contrast on a frozen trunk's features: it learns by it, goes on bit for bit, and leaves the trunk alone.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { trunkPatches } from '../../losses/index.js';
import { convNextTrunk, openTrunk } from '../../networks/index.js';
import { RunStopped, type StageHooks } from '../../stages/common/loop.js';
import { trainGenerator } from '../../stages/generation/generation.js';
import { FULL_GENERATION, TOY_PROFILE, toyData } from '../support/toy-stages.js';

const trunk = openTrunk(
  convNextTrunk({ dims: [6, 8, 10, 12], depths: [1, 1, 1, 1], layerScale: 1, inputSize: 32 }),
  { seed: 2 },
);
const patches = trunkPatches(trunk, [0, 1, 2]);
const { generation } = toyData({ seed: 8, places: 8 });
const OPTIONS = { ...FULL_GENERATION, steps: 12, lambdaContrast: 2, lambdaPaired: 0, pairedWarmupSteps: 0 };

async function trained(hooks: StageHooks, own = patches): Promise<Float32Array> {
  const { generator } = await trainGenerator(TOY_PROFILE, generation, OPTIONS, hooks, { patches: own });
  const weights = generator.params.vector.dataSync().slice() as Float32Array;
  generator.params.dispose();
  return weights;
}

test("the contrast on a trunk's features", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'skyfix-contrast-'));
  try {
    const before = trunk.params.vector.dataSync().slice();
    const contrasts: number[] = [];
    const whole = await trained({
      key: 'k',
      onStep: ({ losses }) => contrasts.push(losses.contrast ?? Number.NaN),
    });
    assert.equal(contrasts.length, 12);
    assert.ok(contrasts.every((value) => value > 0));
    assert.deepEqual(trunk.params.vector.dataSync(), before, 'the trunk is frozen');

    let asked = 0;
    const checkpoint = join(folder, 'g.bin');
    await assert.rejects(trained({ key: 'k', checkpoint, shouldStop: () => ++asked === 5 }), RunStopped);
    assert.deepEqual(await trained({ key: 'k', checkpoint }), whole, 'gone on bit for bit');

    const { generator } = await trainGenerator(TOY_PROFILE, generation, OPTIONS, { key: 'k' });
    assert.notDeepEqual(generator.params.vector.dataSync(), whole, "not G's own features");
    generator.params.dispose();
  } finally {
    await rm(folder, { recursive: true });
  }
});
