// Pairs of one place in stage 3: they share no batch, bring each other into none, and are no negatives where they meet.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Tensor2D } from '@tensorflow/tfjs-node-gpu';
import fc from 'fast-check';
import { loadRunConfig } from '../../config/index.js';
import type { Descriptors } from '../../evaluation/retrieval.js';
import { hardTriplet, infoNce } from '../../losses/index.js';
import { type ConvNext, createConvNext } from '../../networks/index.js';
import type { TrainingData } from '../../pipeline/run-data.js';
import { PairLabels } from '../../pseudo-labels/index.js';
import { tf } from '../../runtime/tf.js';
import { describe as descriptorsOf } from '../../stages/common/descriptors.js';
import { trainEncoder } from '../../stages/encoder/encoder.js';
import type { EncoderData, TrainingPair } from '../../stages/encoder/encoder-data.js';
import type { EncoderOptions } from '../../stages/encoder/options.js';
import { PairSampler } from '../../stages/encoder/pair-sampler.js';
import { SamePlaces } from '../../stages/encoder/same-place.js';
import { SelfTraining } from '../../stages/encoder/self-training.js';
import { writePhotoStreet, writeVigorStreet } from '../support/dataset-fixtures.js';
import { openHere } from '../support/tiny-run.js';
import { PLAIN_ENCODER, TOY_PROFILE, toyData } from '../support/toy-stages.js';

const range = (count: number) => Array.from({ length: count }, (_, k) => k);

type Negatives = EncoderOptions['sampling']['negatives'];
const selfTraining = {
  strategy: { name: 'fixed', threshold: -1 },
  warmupShare: 0,
  every: 100,
  sample: 1_000,
  candidates: 'views',
  mix: 'half',
} as const satisfies EncoderOptions['selfTraining'];

const optionsOf = (batch: number, negatives: Negatives, groupSize = 3): EncoderOptions => ({
  ...PLAIN_ENCODER,
  batch,
  sampling: { negatives, groupSize, minedFromShare: negatives === 'mined' ? 0 : 1 },
  selfTraining,
});

/** What a sampler without mining looks at. */
const listed = (
  labels: PairLabels,
  near: EncoderData['lookAlikes'],
  close?: EncoderData['samePlace'],
): EncoderData =>
  ({ labels, lookAlikes: near, samePlace: close ?? near.map(() => []) }) as unknown as EncoderData;

/** An encoder for samplers that never ask it. */
const NO_ENCODER = undefined as unknown as ConvNext;

const short = (pair: TrainingPair) => ('row' in pair ? pair.row : [pair.query, pair.tile]);

describe('without semi-positives and distances, batches are those that shared tiles alone gave', () => {
  const tileOf = range(30).map((row) => (row * 7) % 20); // ten tiles have two rows
  const near = range(30).map((row) =>
    range(30).filter((other) => other !== row && other % 5 === row % 5 && tileOf[other] !== tileOf[row]),
  );
  const labelled = range(30).filter((row) => row % 3 !== 2);
  const views = [2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 29, 2];
  const selected = views.map((view, k) => ({ view, tile: 20 + k, confidence: 1 }));
  // Written down before rows could share a place in any other way.
  const FROZEN: readonly [string, Negatives, 'half' | 'proportional' | 'alone', unknown][] = [
    [
      'labelled rows alone',
      'none',
      'alone',
      [
        [28, 6, 12, 0, 16, 9],
        [18, 19, 24, 15, 22, 21],
        [7, 25, 3, 13, 4, 10],
        [22, 19, 25, 12, 16, 13],
        [3, 1, 24, 9, 15, 10],
      ],
    ],
    [
      'near ones together',
      'near',
      'alone',
      [
        [28, 3, 13, 6, 21, 12],
        [0, 10, 15, 16, 1, 9],
        [18, 19, 4, 22, 27, 25],
        [22, 7, 12, 19, 4, 9],
        [25, 0, 10, 16, 1, 13],
      ],
    ],
    [
      'half pseudo-labelled',
      'near',
      'half',
      [
        [28, 3, 13, [23, 27], [26, 28], [20, 26]],
        [0, 10, 15, [11, 23], [2, 31], [29, 30]],
        [18, 19, 4, [29, 29], [8, 22], [17, 25]],
        [22, 7, 12, [17, 25], [26, 28], [5, 21]],
        [25, 0, 10, [11, 23], [20, 26], [17, 25]],
      ],
    ],
    [
      'pseudo-labelled in proportion',
      'none',
      'proportional',
      [
        [28, 6, 12, 0, [23, 27], [26, 28]],
        [18, 19, 24, 15, [11, 23], [2, 31]],
        [7, 25, 3, 13, [29, 29], [8, 22]],
        [22, 19, 25, 12, [17, 25], [26, 28]],
        [3, 1, 24, 9, [11, 23], [20, 26]],
      ],
    ],
  ];
  for (const [name, negatives, mix, expected] of FROZEN) {
    test(name, async () => {
      const options = optionsOf(6, negatives);
      const data = listed(new PairLabels(tileOf, labelled, 40), near);
      const sampler = new PairSampler(NO_ENCODER, data, {
        ...options,
        selfTraining: { ...selfTraining, mix: mix === 'alone' ? 'half' : mix },
      });
      const found = [];
      for (let step = 0; step < 5; step++) {
        const pairs = await sampler.pairsAt(step, mix === 'alone' ? [] : selected);
        found.push(pairs.map(short));
        assert.equal(sampler.places.exclusion(pairs), undefined);
      }
      assert.deepEqual(found, expected);
    });
  }
});

test('in proportion, 30 labelled and 90 selected pairs fill a batch of 16 with 4 and 12', async () => {
  const rows = range(120);
  const data = listed(
    new PairLabels(rows, range(30), 120),
    rows.map(() => []),
  );
  const selected = range(90).map((k) => ({ view: 30 + k, tile: 30 + k, confidence: 1 }));
  const options = optionsOf(16, 'none');
  const count = async (mix: 'half' | 'proportional', step: number) => {
    const sampler = new PairSampler(NO_ENCODER, data, { ...options, selfTraining: { ...selfTraining, mix } });
    for (let before = 0; before < step; before++) await sampler.pairsAt(before, selected);
    const pairs = await sampler.pairsAt(step, selected);
    assert.equal(pairs.length, 16);
    return pairs.filter((pair) => 'tile' in pair).length;
  };
  for (const step of [0, 1, 9]) {
    assert.equal(await count('proportional', step), 12);
    assert.equal(await count('half', step), 8);
  }
});

/** Rows with tiles, semi-positives, distances and labels, all at random, and pseudo-labelled pairs of the others. */
const situation = fc
  .record({ rows: fc.integer({ min: 2, max: 40 }), tiles: fc.integer({ min: 3, max: 60 }) })
  .chain(({ rows, tiles }) => {
    const each = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: rows, maxLength: rows });
    const others = (most: number) => each(fc.uniqueArray(fc.nat(rows - 1), { maxLength: most }));
    return fc.record({
      tileCount: fc.constant(tiles),
      tileOf: each(fc.nat(tiles - 1)),
      semi: each(fc.uniqueArray(fc.nat(tiles - 1), { maxLength: 5 })),
      near: others(6),
      close: others(2),
      labelled: fc.uniqueArray(fc.nat(rows - 1), { minLength: 1 }).map((list) => list.sort((a, b) => a - b)),
      batch: fc.integer({ min: 2, max: 12 }),
      draws: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 20 }),
    });
  });

test('random places: what a batch holds and what its losses exclude, against a plain comparison of all pairs', async () => {
  const seen = { exclusions: 0, mixed: 0 };
  await fc.assert(
    fc.asyncProperty(situation, async ({ tileCount, tileOf, semi, near, close, labelled, batch, draws }) => {
      const labels = new PairLabels(tileOf, labelled, tileCount, semi);
      const { unlabelled, unlabelledTiles } = labels;
      const selected = draws.flatMap(([v, t]) =>
        unlabelled.length > 0 && unlabelledTiles.length > 0
          ? [
              {
                view: unlabelled[v % unlabelled.length] as number,
                tile: unlabelledTiles[t % unlabelledTiles.length] as number,
                confidence: 1,
              },
            ]
          : [],
      );
      const shows = (row: number) => [tileOf[row] as number, ...(semi[row] ?? [])];
      const ofTiles = (a: number, b: number) =>
        a === b || labelled.some((row) => shows(row).includes(a) && shows(row).includes(b));
      const ofRows = (a: number, b: number) =>
        shows(a).includes(tileOf[b] as number) ||
        shows(b).includes(tileOf[a] as number) ||
        close[a]?.includes(b) ||
        close[b]?.includes(a);
      const same = (a: TrainingPair, b: TrainingPair): boolean => {
        if ('row' in a && 'row' in b) return ofRows(a.row, b.row) ?? false;
        const tile = (pair: TrainingPair) => ('row' in pair ? (tileOf[pair.row] as number) : pair.tile);
        return ofTiles(tile(a), tile(b));
      };
      const sampler = new PairSampler(NO_ENCODER, listed(labels, near, close), optionsOf(batch, 'near'));
      assert.deepEqual(
        sampler.places.rows,
        labelled.map((a) => range(labelled.length).filter((k) => ofRows(a, labelled[k] as number))),
      );
      for (let step = 0; step < 4; step++) {
        const pairs = await sampler.pairsAt(step, step % 2 === 0 ? selected : []);
        assert.ok(pairs.length > 0 && pairs.length <= batch);
        const excluded = sampler.places.exclusion(pairs);
        const expected = pairs.map((a, i) => pairs.map((b, j) => (i !== j && same(a, b) ? 1 : 0)));
        if (pairs.some((pair) => 'tile' in pair)) seen.mixed++;
        pairs.forEach((a, i) => {
          if ('row' in a) assert.ok(!expected[i]?.includes(1), 'a labelled row beside one of its place');
        });
        const any = expected.flat().includes(1);
        if (any) seen.exclusions++;
        assert.deepEqual(excluded && [...excluded], any ? expected.flat() : undefined);
      }
      assert.deepEqual(labels.counts.refused, 0);
    }),
    { seed: 1, numRuns: 200 },
  );
  assert.ok(seen.mixed > 20 && seen.exclusions > 10, JSON.stringify(seen));
});

describe('data sets', () => {
  let dir = '';
  let encoder: ConvNext;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-same-place-'));
    encoder = createConvNext(TOY_PROFILE.encoder, 5);
  });
  after(async () => {
    encoder.params.dispose();
    await rm(dir, { recursive: true });
  });

  const open = async (format: string, root: string, values: readonly string[]): Promise<TrainingData> => {
    const config = await loadRunConfig('small', [
      `data.source={ format: ${format}, root: ${root} }`,
      `data.cacheDir=${join(dir, 'cache')}`,
      'geometry={ tileSizeM: 50, inputSizePx: 32, bevSizePx: 32, cameraHeightM: 2 }',
      ...values,
    ]);
    return (await openHere(config)).encoder;
  };
  const encoderData = (data: TrainingData): EncoderData => ({ ...data, queries: data.bevs, panorama: false });

  test("VIGOR's semi-positives never share a batch: at random, near, mined and beside pseudo-labels", async () => {
    const root = join(dir, 'vigor');
    await writeVigorStreet(root);
    for (const fraction of [1, 0.5]) {
      const data = await open('vigor', root, [`labels.fraction=${fraction}`]);
      const { labels } = data;
      // Place of each panorama along the street of Chicago; panoramas of other cities are alone.
      const along = data.ids.map((id) => Number(/street-(\d+)/.exec(id)?.[1] ?? Number.NaN));
      assert.equal(along.filter((k) => k >= 0).length, 12);
      const selected = labels.unlabelled.flatMap((view, k) => {
        const tile = labels.unlabelledTiles[k];
        return tile === undefined ? [] : [{ view, tile, confidence: 1 }];
      });
      let together = 0;
      for (const negatives of ['none', 'near', 'mined'] as const) {
        const sampler = new PairSampler(encoder, encoderData(data), optionsOf(4, negatives, 4));
        for (let step = 0; step < 20; step++) {
          const pairs = await sampler.pairsAt(step, step % 2 === 1 ? selected : []);
          const rows = pairs.flatMap((pair) => ('row' in pair ? pair.row : []));
          for (const a of rows) {
            for (const b of rows) {
              if (a === b || Number.isNaN((along[a] ?? 0) + (along[b] ?? 0))) continue;
              assert.ok(
                Math.abs((along[a] ?? 0) - (along[b] ?? 0)) > 3,
                `${data.ids[a]} beside ${data.ids[b]}`,
              );
              together++;
            }
            for (const pair of pairs)
              if ('tile' in pair) assert.ok(!labels.tilesOf(a).includes(pair.tile), 'a semi-positive tile');
          }
        }
      }
      assert.ok(together > 0, 'rows of the street that are further apart do share batches');
    }
  });

  test('photos within samePlaceM are one place, where both are labelled; others, and all without it, are not', async () => {
    const root = join(dir, 'long-street');
    await writePhotoStreet(root, 8, 6);
    const apart = await open('csv', root, []);
    assert.deepEqual(
      new SamePlaces(apart).rows,
      range(8).map((k) => [k]),
    );
    assert.deepEqual(
      apart.samePlace,
      range(8).map(() => []),
    );
    const data = await open('csv', root, ['data.samePlaceM=10']);
    assert.deepEqual(
      new SamePlaces(data).rows,
      range(8).map((k) => range(8).filter((other) => Math.abs(other - k) <= 1)),
    );
    assert.equal(data.digest, apart.digest, 'stage 1 is the same');
    const few = await open('csv', root, ['labels.fraction=0.5', 'data.samePlaceM=13']);
    const { labelled } = few.labels;
    assert.equal(labelled.length, 4);
    const expected = range(8).map((k) =>
      labelled.filter((other) => labelled.includes(k) && other !== k && Math.abs(other - k) <= 2),
    );
    assert.deepEqual(few.samePlace, expected);
    assert.ok(expected.flat().length > 0);
  });

  test('further data sets have their own distances: towns of several seeds lie on the same ground', async () => {
    const root = join(dir, 'street');
    await writePhotoStreet(root, 3, 6);
    const more = `data.encoderOnly=[{ format: csv, root: ${root} }]`;
    const data = await open('csv', root, ['data.samePlaceM=10', more]);
    assert.deepEqual(data.samePlace, [[1], [0, 2], [1], [4], [3, 5], [4]]);
  });
});

test('the losses of a step leave out pseudo-labelled pairs whose tiles are semi-positives of one row', async () => {
  const labelled = [0, 2, 3, 5, 8, 9, 11, 14];
  const toy = toyData({ seed: 8, places: 20, labelled });
  const options: EncoderOptions = {
    ...optionsOf(6, 'none'),
    steps: 1,
    triplet: { ...PLAIN_ENCODER.triplet, fromShare: 0 },
  };
  const encoder = createConvNext(TOY_PROFILE.encoder, 5);
  const self = new SelfTraining(encoder, toy.encoder, options);
  await self.updateAt(0);
  const pairs = await new PairSampler(encoder, toy.encoder, options).pairsAt(0, self.selected);
  const rows = pairs.flatMap((pair) => ('row' in pair ? pair.row : []));
  assert.deepEqual([rows.length, pairs.length], [3, 6]);
  // A row that is not in the batch has every unlabelled tile for a semi-positive.
  const row = labelled.find((one) => !rows.includes(one)) as number;
  const semi = range(20).map((k) => (k === row ? toy.labels.unlabelledTiles : []));
  const data = { ...toy.encoder, labels: new PairLabels(toy.tileOf, labelled, 20, semi) };
  const asTensor = ({ data: values, count, dimensions }: Descriptors) =>
    tf.tensor2d(values, [count, dimensions]) as Tensor2D;
  const queries = asTensor(
    await descriptorsOf(encoder, data.queries, { rows: pairs.map(({ query }) => query) }),
  );
  const numbers = pairs.map((pair) => ('row' in pair ? (toy.tileOf[pair.row] as number) : pair.tile));
  const tiles = asTensor(await descriptorsOf(encoder, data.gallery, { rows: numbers }));
  const pseudo = (k: number) => 'tile' in (pairs[k] as TrainingPair);
  const exclude = tf.tensor2d(
    range(6).map((i) => range(6).map((j) => Number(i !== j && pseudo(i) && pseudo(j)))),
  );
  const { scale } = options.infoNce;
  const lossesOf = (apart: { exclude?: Tensor2D }) => [
    infoNce(queries, tiles, { labelSmoothing: 0.1, scale: scale as number, ...apart }).dataSync()[0] ?? 0,
    hardTriplet(queries, tiles, { ...options.triplet, ...apart }).dataSync()[0] ?? 0,
  ];
  const [found, foundWithout]: number[][] = [[], []];
  for (const [into, of] of [
    [found, data],
    [foundWithout, toy.encoder],
  ] as const) {
    const own = createConvNext(TOY_PROFILE.encoder, 5);
    await trainEncoder(own, of, options, {
      key: 'k',
      onStep: ({ losses }) => into?.push(losses.infoNce ?? 0, losses.triplet ?? 0),
    });
    own.params.dispose();
  }
  const close = (a: readonly number[] | undefined, b: readonly number[]) =>
    assert.ok(
      a?.length === 2 && b.every((value, k) => Math.abs(value - (a[k] ?? 0)) < 1e-4),
      `${a} is not ${b}`,
    );
  const [kept, all] = [lossesOf({ exclude }), lossesOf({})];
  assert.ok(
    kept.every((value, k) => Math.abs(value - (all[k] ?? 0)) > 1e-3),
    `${kept} and ${all} do not differ`,
  );
  close(found, kept);
  close(foundWithout, all);
  encoder.params.dispose();
  tf.dispose([queries, tiles, exclude]);
});
