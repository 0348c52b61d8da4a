// Own panoramas as a run's data: what its configuration decides about them, and the way to a bundle.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import sharp from 'sharp';
import { loadBundle } from 'skyfix/bundles';
import { type DataSource, resolveRunConfig } from '../../config/index.js';
import { openSource } from '../../pipeline/open-source.js';
import { readMetrics } from '../../runs/metrics-file.js';
import { bytesPerImage } from '../../stores/image-store.js';
import { CSV_HEADER } from '../support/dataset-fixtures.js';
import { photo, withoutGps, writeImagery } from '../support/photo-fixtures.js';
import { coded, openHere, runHere, tinyConfig } from '../support/tiny-run.js';

const SIDE_M = 600;
const SILENT = () => () => {};
let folder = '';
let root = '';
let imagery = '';

/** The tiny run on photos: all of them labelled, with tiles of 32 m. */
const config = (values: readonly string[] = [], source: Partial<DataSource> = {}) => {
  const { data, geometry, ...rest } = tinyConfig(folder);
  const own = {
    ...rest,
    data: { ...data, source: { format: 'photos', root, imagery, ...source } },
    geometry: { ...geometry, tileSizeM: 32 },
    labels: { fraction: 1 },
    evaluation: { areas: [{ name: 'held out', splits: ['test'] }], gridStrideM: 32 },
  };
  return resolveRunConfig(own, ['stage3.validateEvery=0', 'runtime.threads=1', ...values]);
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skyfix-photos-run-'));
  [root, imagery] = [join(folder, 'photos'), join(folder, 'imagery.tif')];
  await mkdir(root);
  await writeImagery(imagery, SIDE_M);
  for (let k = 0; k < 49; k++) {
    const [x, y] = [60 + 80 * (k % 7), 60 + 80 * Math.floor(k / 7)];
    await writeFile(join(root, `${k}.jpg`), await photo(x, y, 7 * k));
  }
  for (const k of [0, 1, 2])
    await writeFile(join(root, `nowhere-${k}.jpg`), await withoutGps(await photo(1, 1, 30 * k)));
});
after(() => rm(folder, { recursive: true, force: true }));

describe('photos as the data of a run', () => {
  it('are parted by their own seed, not by the run’s', async () => {
    const splits = async (seed: number, splitSeed?: number) => {
      const run = await config([`seed=${seed}`], splitSeed === undefined ? {} : { splitSeed });
      return (await openSource(run.data.source, run, SILENT)).pairs.map(({ id, split }) => [id, split]);
    };
    const first = await splits(5);
    assert.deepEqual(await splits(6), first);
    assert.deepEqual(await splits(6, 1), first);
    assert.notDeepEqual(await splits(5, 2), first);
  });

  it('are held against the imagery with all the margin that training cuts', async () => {
    const edge = join(folder, 'edge');
    await mkdir(edge);
    await writeFile(join(edge, 'inside.jpg'), await photo(300, 300));
    await writeFile(join(edge, 'edge.jpg'), await photo(26, 300)); // 16 m of tile and 8 m of margin, but not 4 m of shift
    const open = async (...values: string[]) => {
      const run = await config(values, { root: edge });
      return openSource(run.data.source, run, SILENT);
    };
    await assert.rejects(
      open(),
      coded('DATASET_INVALID', join(edge, 'edge.jpg'), '56 m', 'outside-imagery 1'),
    );
    assert.equal((await open('shiftM=0')).pairs.length, 2);
    const { pairs, dropped } = await open('data.source.dropInvalid=true');
    assert.deepEqual([pairs.length, dropped.map(({ reason }) => reason)], [1, ['outside-imagery']]);
  });

  it('bring unlabelled tiles to the encoder where it trains itself, and only there', async () => {
    const { own, encoder } = await openHere(await config());
    const lone = encoder.gallery.count - own.gallery.count;
    assert.deepEqual(own.labels.unlabelledTiles, []);
    assert.deepEqual(
      encoder.labels.unlabelledTiles,
      Array.from({ length: lone }, (_, k) => own.gallery.count + k),
    );
    assert.ok(lone > 5, `${lone} unlabelled tiles`);
    assert.equal(own.gallery.count, own.ids.length);
    assert.equal(own.bevs.count, own.ids.length + 3);
    assert.equal(encoder.marginPx, 12);
    assert.equal(encoder.gallery.sizePx, 32 + 2 * 12);
    const [one, other] = [encoder.gallery, own.tiles].map((store) => new Uint8Array(bytesPerImage(store)));
    for (const row of own.ids.keys()) {
      encoder.gallery.read(encoder.labels.tileOf(row), one as Uint8Array);
      own.tiles.read(row, other as Uint8Array);
      assert.deepEqual(one, other);
    }
    const sparse = await config([], { unlabelledStrideM: 48 });
    const few = (await openSource(sparse.data.source, sparse, SILENT)).unlabelledTiles?.length ?? 0;
    assert.ok(few > 0 && few < lone / 2, `${few} of ${lone}`);
    const plain = await openHere(await config(['selfTraining.strategy=none']));
    assert.equal(plain.encoder, plain.own);
    assert.equal(plain.own.digest, own.digest, 'runs may share a stage 1');
  });

  it('go to a bundle, and self-training has candidates', async () => {
    const dir = join(folder, 'run');
    const result = await runHere(await config(), dir);
    assert.ok(result?.retrieval.some(({ area }) => area === 'held out'));
    const { manifest } = await loadBundle(join(dir, 'bundle'));
    assert.equal(manifest.name, 'tiny');
    const updates = (await readMetrics(join(dir, 'metrics.jsonl'))).flatMap((line) =>
      line.kind === 'self-training' && 'data' in line ? [line.data as { candidates: number }] : [],
    );
    assert.ok(updates.length > 1);
    for (const { candidates } of updates) assert.ok(candidates > 5, `${candidates} candidates`);
  });
});

describe('self-training at all labels', () => {
  /** A CSV of two pairs and these rows. */
  async function csv(name: string, ...rows: readonly string[]): Promise<Partial<DataSource>> {
    const own = join(folder, name);
    await mkdir(own);
    for (const k of [0, 1, 2]) {
      await writeFile(join(own, `g${k}.jpg`), await photo(100 + k, 100));
      const tile = {
        create: { width: 32, height: 32, channels: 3, background: `#${k}0${k}0${k}0` },
      } as const;
      await writeFile(join(own, `s${k}.png`), await sharp(tile).png().toBuffer());
    }
    const lines = [`${CSV_HEADER},split`, 'a,g0.jpg,s0.png,,,0,', 'b,g1.jpg,s1.png,,,0,', ...rows];
    await writeFile(join(own, 'pairs.csv'), `${lines.join('\n')}\n`);
    return { format: 'csv', root: own };
  }
  const onCsv = (source: Partial<DataSource>, values: readonly string[] = []) => {
    const { imagery: _, ...own } = source;
    return config(['data.source.imagery=null', ...values], own);
  };

  it('pairs the panoramas of a CSV without a tile with the tiles without a panorama', async () => {
    const run = await onCsv(await csv('both', 'c,g2.jpg,,,,0,', 'd,,s2.png,,,,'));
    const { encoder } = await openHere(run);
    assert.deepEqual([encoder.labels.unlabelledTiles, encoder.bevs.count], [[2], 3]);
  });

  it('is refused where there is no view without a tile', async () => {
    const run = await onCsv(await csv('no-view', 'd,,s2.png,,,,'));
    await assert.rejects(
      openHere(run),
      coded('TRAINING_CONFIG_INVALID', '/selfTraining/strategy', 'no unlabelled view.'),
    );
  });

  it('is refused where the only tile is named for the test, before anything is trained', async () => {
    const run = await onCsv(await csv('no-tile', 'c,g2.jpg,,,,0,', 'd,,s2.png,,,,test'), [
      'evaluation.areas=null',
    ]);
    const dir = join(folder, 'refused');
    await assert.rejects(
      runHere(run, dir),
      coded('TRAINING_CONFIG_INVALID', '/selfTraining/strategy', 'no unlabelled tile.'),
    );
    assert.deepEqual(await readMetrics(join(dir, 'metrics.jsonl')), []);
  });
});
