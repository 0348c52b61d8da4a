// With stage1.pairs "labelled" no label of the unlabelled part is read, in either stage: the door counts no refusal,
// training without these labels gives the same bits, and so does training with the unlabelled rows' own tiles destroyed.
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { createConvNext } from '../../networks/index.js';
import type { PairLabels, StrategyOptions } from '../../pseudo-labels/index.js';
import { trainEncoder } from '../../stages/encoder/encoder.js';
import { trainGenerator } from '../../stages/generation/generation.js';
import type { ImageStore } from '../../stores/image-store.js';
import {
  FULL_ENCODER,
  FULL_GENERATION,
  PLAIN_ENCODER,
  TOY_PROFILE,
  type ToyData,
  toyData,
  withNoise,
} from '../support/toy-stages.js';

const LABELLED = [0, 2, 3, 5, 8, 9, 11, 14];
const PLACES = 20;
const UNLABELLED = Array.from({ length: PLACES }, (_, row) => row).filter((row) => !LABELLED.includes(row));

const toy = () => toyData({ seed: 8, places: PLACES, labelled: LABELLED, unpaired: 2, overlapping: true });

/** The data with other labels behind the same images. */
const withLabels = (data: ToyData, labels: PairLabels): ToyData => ({
  ...data,
  labels,
  encoder: { ...data.encoder, labels },
  generation: { ...data.generation, labels },
});

/** Each row's own tile is noise where the row is unlabelled. The gallery, where tiles have no owner, stays. */
const withoutOwnTiles = (data: ToyData, rows: readonly number[] = UNLABELLED): ToyData => {
  const tiles = withNoise(data.encoder.tiles, rows, 5);
  return { ...data, encoder: { ...data.encoder, tiles }, generation: { ...data.generation, tiles } };
};

/** Some rows are said to be close to all others. */
const withOtherPlaces = (data: ToyData, rows: readonly number[]): ToyData => {
  const all = Array.from({ length: PLACES }, (_, row) => row);
  const samePlace = data.encoder.samePlace.map((list, row) => (rows.includes(row) ? all : list));
  return { ...data, encoder: { ...data.encoder, samePlace } };
};

async function generatorOf({ generation }: ToyData): Promise<Float32Array> {
  const { generator } = await trainGenerator(TOY_PROFILE, generation, FULL_GENERATION, { key: 'k' });
  const weights = generator.params.vector.dataSync().slice() as Float32Array;
  generator.params.dispose();
  return weights;
}

interface Outcome {
  readonly weights: Float32Array;
  readonly thresholds: readonly number[];
  readonly selected: number;
  readonly known: number;
}

async function encoderOf({ encoder: data }: ToyData, strategy: StrategyOptions): Promise<Outcome> {
  const encoder = createConvNext(TOY_PROFILE.encoder, 5);
  const thresholds: number[] = [];
  const sums = { selected: 0, known: 0 };
  const selfTraining = FULL_ENCODER.selfTraining && { ...FULL_ENCODER.selfTraining, strategy };
  const options = { ...FULL_ENCODER, ...(selfTraining && { selfTraining }) };
  await trainEncoder(encoder, data, options, {
    key: 'k',
    onSelfTraining: ({ threshold, selected, known }) => {
      thresholds.push(threshold);
      sums.selected += selected;
      sums.known += known;
    },
  });
  const weights = encoder.params.vector.dataSync().slice() as Float32Array;
  encoder.params.dispose();
  return { weights, thresholds, ...sums };
}

describe('stage 1', () => {
  let data: ToyData;
  let weights: Float32Array;
  before(async () => {
    data = toy();
    weights = await generatorOf(data);
  });

  test('reads labels, and none of a hidden one', () => {
    const { reads, refused, logReads } = data.labels.counts;
    assert.ok(reads > 0);
    assert.deepEqual([refused, logReads], [0, 0]);
  });

  test('gives the same weights where the hidden labels do not exist', async () => {
    assert.deepEqual(await generatorOf(withLabels(data, data.labels.withoutHidden())), weights);
  });

  test("gives the same weights where the unlabelled rows' own tiles are noise; a labelled row's counts", async () => {
    assert.deepEqual(await generatorOf(withoutOwnTiles(data)), weights);
    assert.notDeepEqual(await generatorOf(withoutOwnTiles(data, LABELLED)), weights);
  });

  test('with all labels visible, as the paper trains it, gives others', async () => {
    assert.notDeepEqual(await generatorOf(withLabels(data, data.labels.allVisible())), weights);
  });
});

const STRATEGIES: readonly StrategyOptions[] = [
  { name: 'dynamic', decayShare: 0.5 },
  { name: 'fixed', threshold: 0.1 },
  { name: 'margin', threshold: 0 },
  { name: 'ucvgl', threshold: 0 },
];

for (const strategy of STRATEGIES) {
  describe(`stage 3 with pseudo-labels by the rule "${strategy.name}"`, () => {
    let data: ToyData;
    let outcome: Outcome;
    before(async () => {
      data = toy();
      outcome = await encoderOf(data, strategy);
    });

    test('reads labels, and hidden ones for the log alone', () => {
      const { reads, refused, logReads } = data.labels.counts;
      assert.ok(reads > 0 && outcome.selected > 0, `${reads} reads, ${outcome.selected} selected`);
      assert.deepEqual([refused, logReads], [0, outcome.selected]);
    });

    test('gives the same weights where the hidden labels do not exist', async () => {
      const blind = await encoderOf(withLabels(data, data.labels.withoutHidden()), strategy);
      assert.deepEqual(blind, { ...outcome, known: 0 });
    });

    test("gives the same weights where the unlabelled rows' own tiles are noise; a labelled row's counts", async () => {
      assert.deepEqual(await encoderOf(withoutOwnTiles(data), strategy), outcome);
      const other = await encoderOf(withoutOwnTiles(data, LABELLED.slice(0, 1)), strategy);
      assert.notDeepEqual(other.weights, outcome.weights);
    });

    test("gives the same weights wherever the unlabelled rows are; a labelled row's place counts", async () => {
      assert.deepEqual(await encoderOf(withOtherPlaces(data, UNLABELLED), strategy), outcome);
      const other = await encoderOf(withOtherPlaces(data, LABELLED.slice(0, 1)), strategy);
      assert.notDeepEqual(other.weights, outcome.weights);
    });
  });
}

/** The store, and the numbers of the images that were read of it in this thread. */
function watched(store: ImageStore): { readonly store: ImageStore; readonly read: Set<number> } {
  const read = new Set<number>();
  const own: ImageStore = {
    ...store,
    read: (index, out, at) => {
      read.add(index);
      store.read(index, out, at);
    },
  };
  return { store: own, read };
}

test('an update looks at unlabelled images alone, and draws views and tiles apart', async () => {
  const { encoder: data, labels } = toyData({ seed: 9, places: 60, labelled: LABELLED });
  const [queries, tiles, gallery] = [watched(data.queries), watched(data.tiles), watched(data.gallery)];
  const encoder = createConvNext(TOY_PROFILE.encoder, 5);
  const { selfTraining } = FULL_ENCODER;
  assert.ok(selfTraining);
  const options = {
    ...PLAIN_ENCODER,
    steps: 1,
    selfTraining: {
      ...selfTraining,
      warmupShare: 0,
      sample: 20,
      candidates: 'views' as const,
      mix: 'half' as const,
    },
  };
  const stores = { queries: queries.store, tiles: tiles.store, gallery: gallery.store };
  await trainEncoder(encoder, { ...data, ...stores }, options, { key: 'k' });
  encoder.params.dispose();
  const placesOf = (read: Set<number>, all: readonly number[]) =>
    [...read].map((number) => all.indexOf(number)).sort((a, b) => a - b);
  const views = placesOf(queries.read, labels.unlabelled);
  const candidates = placesOf(gallery.read, labels.unlabelledTiles);
  assert.deepEqual([views.length, candidates.length, tiles.read.size], [20, 20, 0]);
  assert.ok(Math.min(...views, ...candidates) >= 0, 'a labelled one was looked at');
  // A data set may list views and tiles in one order: drawn alike, each candidate would have its own view beside it.
  const alike = views.filter((place) => candidates.includes(place)).length;
  assert.ok(alike < 15, `${alike} of 20 were drawn alike`); // 7.7 by chance
});
