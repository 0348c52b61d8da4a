// Memory is steady: after 1,000 steps with everything switched on there are as many tensors, of as many bytes, as after 10.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createConvNext } from '../../networks/index.js';
import { tf } from '../../runtime/tf.js';
import type { StageHooks } from '../../stages/common/loop.js';
import { trainEncoder } from '../../stages/encoder/encoder.js';
import { trainGenerator } from '../../stages/generation/generation.js';
import { FULL_ENCODER, FULL_GENERATION, SIZE, TOY_PROFILE, toyData } from '../support/toy-stages.js';

const STEPS = 1_000;
const LABELLED = [0, 2, 3, 5, 8, 9, 11, 14, 15, 17, 20, 22];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Moment {
  readonly tensors: number;
  readonly bytes: number;
  /** In buffers, where batches are: also of those that came from other threads. */
  readonly buffersMiB: number;
  readonly residentMiB: number;
}

function now(): Moment {
  collect();
  const { numTensors, numBytes } = tf.memory();
  const { external, rss } = process.memoryUsage();
  return {
    tensors: numTensors,
    bytes: numBytes,
    buffersMiB: external / 2 ** 20,
    residentMiB: rss / 2 ** 20,
  };
}

/** What memory was before, after 10 and all steps, half-way, and after the stage. */
async function moments(train: (hooks: StageHooks) => Promise<void>) {
  const before = now();
  const at = new Map<number, Moment>();
  await train({
    key: 'k',
    onStep: ({ step }) => {
      if ([10, STEPS / 2, STEPS].includes(step)) at.set(step, now());
    },
  });
  const [early, half, late] = [...at.values()];
  assert.ok(early && half && late);
  return { before, early, half, late, after: now() };
}

function isSteady(
  { before, early, half, late, after }: Awaited<ReturnType<typeof moments>>,
  batchMiB: number,
) {
  assert.deepEqual([late.tensors, late.bytes], [early.tensors, early.bytes]);
  assert.deepEqual([after.tensors, after.bytes], [before.tensors, before.bytes], 'left behind by the stage');
  const steps = STEPS / 2;
  const buffers = late.buffersMiB - half.buffersMiB;
  assert.ok(buffers < (batchMiB * steps) / 2, `${buffers} MiB more of buffers after the last ${steps} steps`);
  // Behind TensorFlow's back: the feature maps of a step are larger than its batch by far.
  const resident = late.residentMiB - half.residentMiB;
  assert.ok(resident < 32, `${resident} MiB more resident after the last ${steps} steps`);
}

describe('memory', () => {
  test('of stage 3, with mining, self-training, an average of the weights and a learned scale', async () => {
    const data = toyData({ seed: 2, places: 24, labelled: LABELLED, unpaired: 2, overlapping: true });
    const measured = await moments(async (hooks) => {
      const encoder = createConvNext(TOY_PROFILE.encoder, 5);
      await trainEncoder(encoder, data.encoder, { ...FULL_ENCODER, steps: STEPS }, hooks);
      encoder.params.dispose();
    });
    isSteady(measured, (2 * FULL_ENCODER.batch * SIZE * SIZE * 3 * 4) / 2 ** 20);
  });

  test('of stage 1, with history pools and pairs beside the batch', async () => {
    const data = toyData({ seed: 3, places: 24, labelled: LABELLED, unpaired: 2 });
    const measured = await moments(async (hooks) => {
      const { generator } = await trainGenerator(
        TOY_PROFILE,
        data.generation,
        { ...FULL_GENERATION, steps: STEPS, batch: 1 },
        hooks,
      );
      generator.params.dispose();
    });
    isSteady(measured, (4 * SIZE * SIZE * 3 * 4) / 2 ** 20);
  });
});
