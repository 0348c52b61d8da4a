// The training loops on tiny networks: they learn, and a run that was killed and resumed equals one that was not.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SkyfixError } from 'skyfix/errors';
import { NO_JITTER, nearOrder, shuffled, writeCrop } from '../data/augment.js';
import type { ImageSet } from '../data/image-set.js';
import { recallOf, strictRanks } from '../evaluation/retrieval.js';
import { createConvNext } from '../networks/index.js';
import { makeRng } from '../random/rng.js';
import { loadCheckpoint, saveCheckpoint } from '../stages/checkpoint.js';
import { describe, type EncoderOptions, type PairSet, trainEncoder } from '../stages/encoder.js';
import { generateViews, trainGenerator } from '../stages/generation.js';

const SIZE = 32;
const PAIRS = 12;

/** Smooth random pictures; the tile of a pair is its query in other colours, with a margin of 2 px. */
function toyPairs(seed: number): PairSet {
  const wide = SIZE + 4;
  const tiles = new Uint8Array(PAIRS * wide * wide * 3);
  const queries = new Uint8Array(PAIRS * SIZE * SIZE * 3);
  for (let k = 0; k < PAIRS; k++) {
    const rng = makeRng(seed, k);
    const waves = Array.from({ length: 4 }, () => [
      rng.range(-0.5, 0.5),
      rng.range(-0.5, 0.5),
      rng.range(0, 6),
    ]);
    for (let i = 0; i < wide; i++) {
      for (let j = 0; j < wide; j++) {
        let value = 0;
        for (const [a = 0, b = 0, c = 0] of waves) value += Math.sin(a * i + b * j + c) / 4;
        const at = (k * wide * wide + i * wide + j) * 3;
        tiles.set([128 + 100 * value, 128 - 60 * value, 128 + 40 * value], at);
        if (i < 2 || j < 2 || i >= wide - 2 || j >= wide - 2) continue;
        const to = (k * SIZE * SIZE + (i - 2) * SIZE + (j - 2)) * 3;
        queries.set([90 - 60 * value, 110 + 80 * value, 100 + 90 * value], to);
      }
    }
  }
  return {
    queries: { sizePx: SIZE, count: PAIRS, data: queries },
    tiles: { sizePx: wide, count: PAIRS, data: tiles },
    near: Array.from({ length: PAIRS }, (_, k) => [(k + 1) % PAIRS]),
  };
}

const ENCODER = { dims: [8, 16, 24, 32], depths: [1, 1, 1, 1], layerScale: 1, inputSize: SIZE };
const OPTIONS: EncoderOptions = {
  seed: 3,
  steps: 40,
  batch: 12,
  learningRate: 3e-3,
  weightDecay: 0.05,
  warmupSteps: 4,
  clipNorm: 1,
  scale: 14.3,
  labelSmoothing: 0.1,
  tripletFromStep: 30,
  tripletWeight: 0.5,
  dihedral: true,
  jitter: NO_JITTER,
  offsetPx: 2,
  groupSize: 2,
};

async function inFolder<T>(body: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'skyfix-stages-'));
  try {
    return await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

test('the encoder learns to match pairs in other colours', async () => {
  const pairs = toyPairs(1);
  const truth = Array.from({ length: PAIRS }, (_, k) => k);
  const encoder = createConvNext(ENCODER, 5);
  const options = { ...OPTIONS, steps: 120, tripletFromStep: 90, dihedral: false, offsetPx: 0 };
  await trainEncoder(encoder, pairs, options, { key: 'k' });
  const queries = await describe(encoder, pairs.queries, SIZE);
  const tiles = await describe(encoder, pairs.tiles, SIZE);
  const recall = recallOf(strictRanks(queries, tiles, truth), PAIRS);
  assert.ok(recall.at1 >= 75, `R@1 ${recall.at1}`);
});

test('an encoder run that stops and goes on equals an uninterrupted one, bit by bit', async () => {
  await inFolder(async (dir) => {
    const pairs = toyPairs(2);
    const options = { ...OPTIONS, steps: 8, tripletFromStep: 4 };
    const whole = createConvNext(ENCODER, 5);
    await trainEncoder(whole, pairs, options, { key: 'k' });

    const checkpoint = join(dir, 'encoder.bin');
    const stopped = createConvNext(ENCODER, 5);
    const stop = new Error('stopped');
    const hooks = { checkpoint, key: 'k', checkpointEvery: 3 };
    const onStep = ({ step }: { step: number }): void => {
      if (step === 5) throw stop;
    };
    await assert.rejects(trainEncoder(stopped, pairs, options, { ...hooks, onStep }), stop);
    const resumed = createConvNext(ENCODER, 99);
    await trainEncoder(resumed, pairs, options, hooks);
    assert.deepEqual(resumed.params.vector.dataSync(), whole.params.vector.dataSync());
  });
});

const PROFILE = {
  name: 'toy',
  generator: { baseFilters: 4, blocks: 1, inputSize: SIZE },
  discriminator: { filters: 4 },
  contrast: { baseFilters: 4, projection: 8 },
  encoder: ENCODER,
};
const GENERATION = {
  seed: 4,
  steps: 6,
  batch: 2,
  learningRate: 2e-4,
  lambdaCycle: 10,
  lambdaContrast: 2,
  lambdaPaired: 1,
  pairedWarmupSteps: 1,
  pairedWarmupRate: 2e-4,
  positions: 16,
  temperature: 0.07,
};

test('a generator run that stops and goes on equals an uninterrupted one, history pools included', async () => {
  await inFolder(async (dir) => {
    const { queries, tiles } = toyPairs(3);
    const pairs = { bevs: queries, tiles };
    const whole = await trainGenerator(PROFILE, pairs, GENERATION, { key: 'k' });
    const hooks = { checkpoint: join(dir, 'generator.bin'), key: 'k', checkpointEvery: 2 };
    const stop = new Error('stopped');
    const onStep = ({ step }: { step: number }): void => {
      if (step === 5) throw stop;
    };
    await assert.rejects(trainGenerator(PROFILE, pairs, GENERATION, { ...hooks, onStep }), stop);
    const resumed = await trainGenerator(PROFILE, pairs, GENERATION, hooks);
    assert.deepEqual(resumed.params.vector.dataSync(), whole.params.vector.dataSync());
    const views = await generateViews(resumed, queries);
    assert.equal(views.data.length, queries.data.length);
  });
});

test('a checkpoint of another run is not continued, a damaged one is refused', async () => {
  await inFolder(async (dir) => {
    const path = join(dir, 'c.bin');
    await saveCheckpoint(path, { step: 3, key: 'a', arrays: { x: Float32Array.of(1, 2) }, values: { y: 1 } });
    assert.equal(await loadCheckpoint(path, 'b'), undefined);
    assert.deepEqual((await loadCheckpoint(path, 'a'))?.arrays.x, Float32Array.of(1, 2));
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await writeFile(path, bytes);
    await assert.rejects(
      loadCheckpoint(path, 'a'),
      (error) =>
        error instanceof SkyfixError && error.code === 'DATASET_INVALID' && error.message.includes(path),
    );
  });
});

test('a shuffle is a permutation, and the dihedral turns are eight different ones of one picture', () => {
  assert.deepEqual(
    shuffled(20, makeRng(1)).sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, k) => k),
  );
  const data = Uint8Array.from({ length: 2 * 2 * 3 }, (_, k) => Math.floor(k / 3) * 50);
  const set: ImageSet = { sizePx: 2, count: 1, data };
  const turns = Array.from({ length: 8 }, (_, dihedral) => {
    const out = new Float32Array(12);
    const crop = { sizePx: 2, leftPx: 0, topPx: 0, dihedral, jitter: NO_JITTER, rng: makeRng(1) };
    writeCrop(set, 0, out, 0, { ...crop, range: 'unit' });
    return [0, 3, 6, 9].map((k) => Math.round(((out[k] ?? 0) * 255) / 50)).join('');
  });
  assert.equal(turns[0], '0123');
  assert.equal(turns[1], '1032');
  assert.equal(turns[2], '2301');
  assert.equal(turns[4], '0213');
  assert.equal(new Set(turns).size, 8);
});

test('near order draws every place once, in groups of near places; groups of 1 are a plain shuffle', () => {
  const near = Array.from({ length: 30 }, (_, k) =>
    Array.from({ length: 30 }, (_, other) => other).filter(
      (other) => other !== k && Math.floor(other / 6) === Math.floor(k / 6),
    ),
  );
  const order = nearOrder(near, 3, makeRng(4, 1));
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    near.map((_, k) => k),
  );
  // Six places a cluster: two groups of three, each of one cluster.
  for (let start = 0; start < order.length; start += 3) {
    const clusters = order.slice(start, start + 3).map((place) => Math.floor(place / 6));
    assert.equal(new Set(clusters).size, 1);
  }
  assert.deepEqual(nearOrder(near, 1, makeRng(4, 1)), shuffled(30, makeRng(4, 1)));
});
