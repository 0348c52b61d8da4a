// Prepared data against the functions that serving uses, called one by one: the town's bytes, and how the
// cache comes by them.
import assert from 'node:assert/strict';
import { mkdtemp, open, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import workerThreads from 'node:worker_threads';
import { SkyfixError } from 'skyfix/errors';
import { readTown } from '../../datasets/formats/town-places.js';
import { openDataset } from '../../datasets/index.js';
import { prepareArea } from '../../images/prepare.js';
import { type ImageStore, readImages } from '../../stores/image-store.js';
import { DEFAULT_TOWN, makeTown } from '../../town/index.js';
import { writeOwnData } from '../support/dataset-fixtures.js';
import { centreCrop, selectImages } from '../support/image-sets.js';
import { imageOf, putNoise } from '../support/noise-images.js';
import {
  placesNear,
  rowsOf,
  townBevs,
  townGrid,
  townPanoramas,
  townTiles,
} from '../support/town-reference.js';

const GEOMETRY = {
  tileSizeM: 64,
  inputSizePx: 32,
  bevSizePx: 64,
  cameraHeightM: 2.5,
  searchMarginPx: 4,
  searchStepPx: 4,
};

describe('prepared data', () => {
  let dir = '';
  let cacheDir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-prepare-'));
    cacheDir = join(dir, 'cache');
  });
  after(() => rm(dir, { recursive: true }));

  it('of a town are the bytes of the functions made for it', async () => {
    const root = join(dir, 'town');
    await makeTown({ ...DEFAULT_TOWN, seed: 5, places: 14, panoramaWidthPx: 256, workers: 1, out: root });
    const dataset = await openDataset({ format: 'town', root });
    const town = await readTown(root);
    const splits = ['test', 'train'] as const;
    const rows = splits.flatMap((split) => rowsOf(town, split));
    const wide = { low: 25, high: 160 };
    const told: string[] = [];
    const area = await prepareArea(dataset, splits, GEOMETRY, {
      cacheDir,
      marginM: 8,
      panoramas: true,
      grid: { strideM: 32 },
      nearM: wide,
      threads: 2,
      onProgress: (what, done, total) => told.push(`${what} ${done}/${total}`),
    });
    const same = (store: ImageStore | undefined, set: { readonly data: Uint8Array }) => {
      assert.ok(store);
      assert.ok(Buffer.from(readImages(store).data).equals(Buffer.from(set.data)));
    };
    same(area.bevs, selectImages(await townBevs(town, GEOMETRY), rows));
    same(area.panoramas, selectImages(await townPanoramas(town, 32), rows));
    const tiles = selectImages(await townTiles(town, GEOMETRY, 8), rows);
    same(area.tiles, tiles);
    same(area.gallery, centreCrop(tiles, 32));
    assert.deepEqual([area.marginPx, area.tileOf], [4, rows.map((_, k) => k)]);
    assert.deepEqual(
      area.ids,
      rows.map((row) => town.places[row]?.id),
    );
    assert.deepEqual(area.lookAlikes, placesNear(town, rows, 25, 160));
    assert.equal(area.districts?.length, rows.length);
    const grid = await townGrid(town, splits, GEOMETRY, 32);
    assert.deepEqual(area.grid?.centres, grid.centres);
    same(area.grid?.images, grid.images);
    assert.ok(told.includes(`BEVs ${rows.length}/${rows.length}`) && told.includes(`tiles 1/${rows.length}`));
  });

  it('are made again where a finished file lacks one, and are never finished by threads that ended early', async () => {
    const root = join(dir, 'town-again');
    const cacheDir = join(dir, 'ended-cache');
    await makeTown({ ...DEFAULT_TOWN, seed: 6, places: 14, panoramaWidthPx: 256, workers: 1, out: root });
    const dataset = await openDataset({ format: 'town', root });
    const prepare = () => prepareArea(dataset, 'train', GEOMETRY, { cacheDir, threads: 2 });
    // Every thread ends when it has made its first image.
    const { Worker } = workerThreads;
    class Ending extends Worker {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args);
        this.once('message', () => void this.terminate());
      }
    }
    workerThreads.Worker = Ending;
    syncBuiltinESMExports();
    try {
      await assert.rejects(prepare(), (error: Error) => {
        assert.match(error.message, /ended|stopped|died/);
        return true;
      });
    } finally {
      workerThreads.Worker = Worker;
      syncBuiltinESMExports();
    }
    const names = await readdir(cacheDir);
    assert.ok(names.length > 0 && names.every((name) => name.endsWith('.part')), names.join());
    const { bevs } = await prepare();
    const whole = Buffer.from(readImages(bevs).data);
    bevs.close();
    // A finished file of which an image was never written, as a version before left it.
    const path = join(cacheDir, (await readdir(cacheDir)).find((name) => name.endsWith('.images')) ?? '');
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(4), 0, 4, (await file.stat()).size - 4);
    await file.close();
    const again = await prepare();
    assert.ok(Buffer.from(readImages(again.bevs).data).equals(whole));
    for (let k = 0; k < again.tiles.count; k++) imageOf(again.tiles, k);
  });

  it('come from the cache until a file, the geometry or the order changes, and go on where they stopped', async () => {
    const root = join(dir, 'cached');
    await writeOwnData(root);
    const geometry = { tileSizeM: 50, inputSizePx: 16, bevSizePx: 16, cameraHeightM: 2 };
    const made: string[] = [];
    const open = () => openDataset({ format: 'csv', root });
    const prepare = async (more: Partial<typeof geometry> = {}) => {
      made.length = 0;
      const area = await prepareArea(
        await open(),
        'train',
        { ...geometry, ...more },
        {
          cacheDir: join(dir, 'cached-cache'),
          onProgress: (what, done, total) => made.push(`${what} ${done}/${total}`),
        },
      );
      return area;
    };
    const first = await prepare();
    assert.deepEqual(made, ['BEVs 1/2', 'BEVs 2/2', 'gallery 1/2', 'gallery 2/2']);
    const again = await prepare();
    assert.deepEqual(made, ['BEVs 2/2', 'gallery 2/2']);
    assert.equal(again.digest, first.digest);
    await prepare({ cameraHeightM: 3 });
    assert.deepEqual(made, ['BEVs 1/2', 'BEVs 2/2', 'gallery 2/2']);
    await utimes(join(root, 'g/1.png'), 1, 1);
    const touched = await prepare();
    assert.deepEqual(made, ['BEVs 1/2', 'BEVs 2/2', 'gallery 2/2']);
    assert.equal(touched.digest, first.digest); // the same pixels
    await putNoise(join(root, 'g/1.png'), 64, 32, 1);
    assert.notEqual((await prepare()).digest, first.digest);
    // A damaged cache is made again.
    for (const name of await readdir(join(dir, 'cached-cache'))) {
      await writeFile(join(dir, 'cached-cache', name), 'damaged');
    }
    await prepare();
    assert.deepEqual(made.length, 4);
    assert.deepEqual(
      (await readdir(join(dir, 'cached-cache'))).filter((name) => !name.endsWith('.images')),
      [],
    );
  });

  it('name file and line of what cannot be used, keep the rest, and go on with it once it is repaired', async () => {
    const root = join(dir, 'broken');
    await writeOwnData(root);
    const geometry = { tileSizeM: 50, inputSizePx: 16, bevSizePx: 16, cameraHeightM: 2 };
    const dataset = await openDataset({ format: 'csv', root });
    const good = await readFile(join(root, 'g/2.png'));
    await writeFile(join(root, 'g/2.png'), Buffer.alloc(good.length));
    await utimes(join(root, 'g/2.png'), 1, 1);
    const told: string[] = [];
    const prepare = () =>
      prepareArea(dataset, 'train', geometry, {
        cacheDir: join(dir, 'broken-cache'),
        onProgress: (what, done) => told.push(`${what} ${done}`),
      });
    await assert.rejects(prepare(), (error) => {
      assert.ok(error instanceof SkyfixError && error.code === 'DATASET_INVALID');
      assert.match(error.detail, /unreadable-image 1/);
      assert.ok(error.detail.includes(`${join(root, 'pairs.csv')} line 3`), error.detail);
      assert.ok(error.detail.includes(join(root, 'g/2.png')));
      return true;
    });
    assert.deepEqual(told, ['BEVs 1']);
    // The bytes that should have been read, in a file of the same size and time: only what is missing is made.
    await writeFile(join(root, 'g/2.png'), good);
    await utimes(join(root, 'g/2.png'), 1, 1);
    told.length = 0;
    await prepare();
    assert.deepEqual(told, ['BEVs 2', 'gallery 1', 'gallery 2']);
    await putNoise(join(root, 'g/2.png'), 60, 60, 1);
    await assert.rejects(prepare(), /pairs\.csv line 3.*60x60 pixels/s);
    await assert.rejects(prepareArea(dataset, 'test', geometry, { cacheDir }), { code: 'DATASET_INVALID' });
  });
});
