// Prepared data against the functions that serving uses, called one by one: the town's bytes, and every other format's.
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, open, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import workerThreads from 'node:worker_threads';
import fc from 'fast-check';
import { bevGeometryOf } from 'skyfix/bundles';
import { SkyfixError } from 'skyfix/errors';
import {
  areaDownsample,
  distanceM,
  type LonLat,
  offsetLonLat,
  projectBev,
  type RgbImage,
  sphereWindowFromVerticalFov,
  sphereWindowOf,
} from 'skyfix/geometry';
import { decodeImage, encodePng, resizeImage } from 'skyfix/imaging';
import { makeRng } from 'skyfix/random';
import { nearPlaces } from '../../common/near-places.js';
import { readTown } from '../../datasets/formats/town-places.js';
import { openDataset } from '../../datasets/index.js';
import { prepareArea, prepareUnpaired } from '../../images/prepare.js';
import { type ImageStore, readImages } from '../../stores/image-store.js';
import { DEFAULT_TOWN, makeTown } from '../../town/index.js';
import {
  put,
  VIGOR_TILES,
  vigorRow,
  writeCvact,
  writeCvCities,
  writeCvusa,
  writeOwnData,
  writeVigor,
} from '../support/dataset-fixtures.js';
import { centreCrop, selectImages } from '../support/image-sets.js';
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

async function putNoise(path: string, widthPx: number, heightPx: number, seed: number): Promise<RgbImage> {
  const rng = makeRng(seed);
  const data = Uint8Array.from({ length: widthPx * heightPx * 3 }, () => rng.int(0, 255));
  await put(path, await encodePng({ widthPx, heightPx, data }));
  return { widthPx, heightPx, data };
}

const imageOf = (store: ImageStore, k: number) => readImages(store, k, 1).data;

/** The square of an image, for comparison with what was prepared. */
function square({ widthPx, data }: RgbImage, left: number, top: number, side: number): RgbImage {
  const out = Uint8Array.from({ length: side * side * 3 }, (_, k) => {
    const [row, column, c] = [Math.floor(k / 3 / side), Math.floor(k / 3) % side, k % 3];
    return data[((top + row) * widthPx + left + column) * 3 + c] as number;
  });
  return { widthPx: side, heightPx: side, data: out };
}

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

  it('of CVUSA are BEVs of strips, looking north, and the middle of the tiles', async () => {
    const root = join(dir, 'cvusa');
    await writeCvusa(root);
    const strip = await putNoise(join(root, 'streetview/panos/0000002.jpg'), 308, 56, 1);
    const tile = await putNoise(join(root, 'bingmap/19/0000002.jpg'), 120, 120, 2);
    const dataset = await openDataset({ format: 'cvusa', root });
    const geometry = { tileSizeM: 44, inputSizePx: 32, bevSizePx: 64, cameraHeightM: 2 };
    const area = await prepareArea(dataset, 'train', geometry, { cacheDir, marginM: 4, panoramas: true });
    const window = sphereWindowFromVerticalFov(308, 56, (360 * 224) / 1232);
    const pose = { headingDeg: 0, pitchDeg: 0, rollDeg: 0 };
    const bev = areaDownsample(projectBev(strip, window, pose, bevGeometryOf(geometry)), 2).image;
    assert.deepEqual(imageOf(area.bevs, 1), bev.data);
    assert.ok(area.panoramas);
    assert.deepEqual(imageOf(area.panoramas, 1), (await resizeImage(strip, 32, 32)).data);
    // 55 m on 120 px: 44 m are its middle 96 px; 4 m of margin on every side are wanted and 5.5 m are there.
    assert.equal(area.marginPx, 2); // 2 px are 2.75 m, 3 would be 4.125 m
    assert.deepEqual(imageOf(area.gallery, 1), (await resizeImage(square(tile, 12, 12, 96), 32, 32)).data);
    assert.deepEqual(imageOf(area.tiles, 1), (await resizeImage(square(tile, 6, 6, 108), 36, 36)).data);
    assert.equal((await prepareArea(dataset, 'train', geometry, { cacheDir, marginM: 40 })).marginPx, 4);
    await assert.rejects(
      prepareArea(dataset, 'train', { ...geometry, tileSizeM: 80 }, { cacheDir }),
      (error: Error) => {
        assert.match(error.message, /train-19zl\.csv line 1.*55\.0 m, less than the 80 m/s);
        return true;
      },
    );
    const validation = await prepareArea(dataset, 'validation', geometry, { cacheDir });
    assert.deepEqual([validation.ids, validation.galleryIds], [['0000004'], ['0000004']]);
  });

  it('of strips show what the data set is said to show, else what the geometry says, else what the format says', async () => {
    const root = join(dir, 'strips');
    await writeOwnData(root);
    const geometry = { tileSizeM: 48, inputSizePx: 16, bevSizePx: 32, cameraHeightM: 2 };
    const strips: RgbImage[] = [];
    for (const k of [1, 2, 3]) strips.push(await putNoise(join(root, `g/${k}.png`), 120, 90, 10 + k));
    const fieldOfView = { horizontalDeg: 120, verticalDeg: 80, horizonShare: 0.3 };
    const wider = { verticalDeg: 150 };
    const bevOf = (image: RgbImage, fov: typeof fieldOfView | typeof wider, headingDeg: number) => {
      const window = sphereWindowOf(image.widthPx, image.heightPx, fov);
      const pose = { headingDeg, pitchDeg: 0, rollDeg: 0 };
      return areaDownsample(projectBev(image, window, pose, bevGeometryOf(geometry)), 2).image.data;
    };
    const plain = await openDataset({ format: 'csv', root });
    await assert.rejects(prepareArea(plain, 'train', geometry, { cacheDir }), /line 2.*120x90 pixels/s);
    const said = await openDataset({ format: 'csv', root, fieldOfView });
    for (const more of [{}, { fieldOfView: wider }]) {
      const { bevs } = await prepareArea(said, 'train', { ...geometry, ...more }, { cacheDir });
      assert.deepEqual(imageOf(bevs, 0), bevOf(strips[0] as RgbImage, fieldOfView, 90));
      assert.deepEqual(imageOf(bevs, 1), bevOf(strips[1] as RgbImage, fieldOfView, 0));
      const unpaired = await prepareUnpaired(said, 'train', { ...geometry, ...more }, { cacheDir });
      assert.ok(unpaired);
      assert.deepEqual(imageOf(unpaired.bevs, 0), bevOf(strips[2] as RgbImage, fieldOfView, 0));
    }
    const assumed = await prepareArea(plain, 'train', { ...geometry, fieldOfView: wider }, { cacheDir });
    assert.deepEqual(imageOf(assumed.bevs, 0), bevOf(strips[0] as RgbImage, wider, 90));
    // CVUSA's strips are what they are published as, unless the data set is said to be another one.
    const cvusa = join(dir, 'cvusa-taller');
    await writeCvusa(cvusa);
    const taller = await putNoise(join(cvusa, 'streetview/panos/0000001.jpg'), 308, 112, 5);
    const [published, other] = [{ verticalDeg: (360 * 224) / 1232 }, { verticalDeg: 130.9 }];
    const first = async (fov: typeof other | undefined, more: object = {}) => {
      const open = await openDataset({ format: 'cvusa', root: cvusa, ...(fov && { fieldOfView: fov }) });
      const area = await prepareArea(open, 'train', { ...geometry, ...more }, { cacheDir });
      return imageOf(area.bevs, 0);
    };
    assert.deepEqual(await first(undefined), bevOf(taller, published, 0));
    assert.deepEqual(await first(undefined, { fieldOfView: wider }), bevOf(taller, published, 0));
    assert.deepEqual(await first(other), bevOf(taller, other, 0));
  });

  it('of VIGOR turn tiles to the camera where they reach, and know semi-positives and the whole gallery', async () => {
    const root = join(dir, 'vigor');
    await writeVigor(root);
    const [, first = ''] = VIGOR_TILES;
    const tile = await putNoise(join(root, 'Chicago/satellite', VIGOR_TILES[0] ?? ''), 160, 160, 3);
    // In the second panorama's row the positive's camera is too far out for a window around it.
    const far = [
      `${VIGOR_TILES[0]} 10 -20`,
      `${first} 300 0`,
      `${VIGOR_TILES[2]} 0 0`,
      `${VIGOR_TILES[3]} 0 0`,
    ];
    await appendFile(
      join(root, 'splits/Chicago/same_area_balanced_train.txt'),
      `id3c,41.3,-75.5,.jpg ${[`${VIGOR_TILES[0]} 155 155`, ...far.slice(1)].join(' ')}\n`,
    );
    await putNoise(join(root, 'Chicago/panorama/id3c,41.3,-75.5,.jpg'), 64, 32, 6);
    const dataset = await openDataset({ format: 'vigor', root });
    const geometry = { tileSizeM: 56.98, inputSizePx: 32, bevSizePx: 32, cameraHeightM: 2 }; // 0.8 of Chicago's 71.2 m
    const area = await prepareArea(dataset, 'train', geometry, { cacheDir });
    assert.equal(area.gallery.count, 20);
    assert.equal(area.marginPx, 0);
    const near = area.ids.indexOf('Chicago/id3a,40.3,-74.5,.jpg');
    const out = area.ids.indexOf('Chicago/id3c,41.3,-75.5,.jpg');
    assert.equal(area.tileOf[near], area.tileOf[out]);
    // Offsets 10, -20: x = 340, y = 330 of 640, 85 and 82.5 of 160; a window of 128 px around them.
    assert.match(vigorRow('x'), /^x \S+ 10 -20 /);
    assert.deepEqual(
      imageOf(area.tiles, near),
      (await resizeImage(square(tile, 21, Math.round(18.5), 128), 32, 32)).data,
    );
    const middle = (await resizeImage(square(tile, 16, 16, 128), 32, 32)).data;
    assert.deepEqual(imageOf(area.tiles, out), middle);
    assert.deepEqual(imageOf(area.gallery, area.tileOf[near] ?? -1), middle);
    assert.deepEqual(
      area.semiPositives?.[near]?.map((k) => area.galleryIds[k]),
      VIGOR_TILES.slice(1, 4).map((name) => `Chicago/${name}`),
    );
    assert.ok(!area.lookAlikes[near]?.includes(out));
    const cross = await openDataset({ format: 'vigor', root, area: 'cross' });
    const test = await prepareArea(cross, 'test', { ...geometry, tileSizeM: 50 }, { cacheDir });
    assert.ok(
      test.galleryIds.length === 10 && test.galleryIds.every((id) => /^(SanFrancisco|Chicago)/.test(id)),
    );
    const centres = [0, 1, 2, 3, 4].map((k) => ({ lon: -70.25 - k, lat: 40.5 + k }));
    assert.deepEqual(test.galleryCentres, [...centres, ...centres], 'of every tile, by its name');
  });

  it('of CVACT, CV-Cities and own data are made too, unpaired panoramas apart', async () => {
    const geometry = { tileSizeM: 48, inputSizePx: 16, bevSizePx: 32, cameraHeightM: 2 };
    await writeCvact(join(dir, 'cvact'));
    const cvact = await openDataset({ format: 'cvact', root: join(dir, 'cvact') });
    const test = await prepareArea(cvact, 'test', geometry, { cacheDir });
    assert.deepEqual([test.ids, test.gallery.count, test.tiles.count], [['eeee'], 1, 1]);
    await writeCvCities(join(dir, 'cities'));
    const cities = await openDataset({ format: 'cv-cities', root: join(dir, 'cities') });
    assert.deepEqual((await prepareArea(cities, 'train', geometry, { cacheDir })).ids, [
      'paris/p1',
      'paris/p2',
    ]);
    const root = join(dir, 'own');
    await writeOwnData(root);
    const own = await openDataset({ format: 'csv', root });
    const noise = await putNoise(join(root, 'g/1.png'), 64, 32, 4);
    const area = await prepareArea(own, 'train', geometry, { cacheDir });
    assert.deepEqual(
      [area.ids, area.tileOf, area.galleryIds],
      [
        ['one', 'two, here'],
        [0, 0],
        ['s/1.png', 's/4.png'],
      ],
    );
    assert.deepEqual(area.galleryCentres, [
      { lon: 8.5, lat: 47.25 },
      { lon: 9, lat: 48 },
    ]);
    const pose = { headingDeg: 90, pitchDeg: 0, rollDeg: 0 };
    const window = { fullWidthPx: 64, fullHeightPx: 32, leftPx: 0, topPx: 0, widthPx: 64, heightPx: 32 };
    const bev = areaDownsample(projectBev(noise, window, pose, bevGeometryOf(geometry)), 2).image;
    assert.deepEqual(imageOf(area.bevs, 0), bev.data);
    assert.deepEqual(
      imageOf(area.tiles, 1),
      (await decodeImage(await readFile(join(root, 's/1.png')), { widthPx: 16, heightPx: 16 })).data,
    );
    const unpaired = await prepareUnpaired(own, ['train'], geometry, { cacheDir });
    assert.deepEqual([unpaired?.ids, unpaired?.bevs.count], [['three'], 1]);
  });
});

describe('near places', () => {
  it('are those that a comparison of all with all finds', () => {
    const place = fc.record({
      east: fc.double({ min: -400, max: 400, noNaN: true }),
      north: fc.double({ min: -400, max: 400, noNaN: true }),
    });
    const middle = fc.record({
      lon: fc.double({ min: -170, max: 170, noNaN: true }),
      lat: fc.double({ min: -75, max: 75, noNaN: true }),
    });
    fc.assert(
      fc.property(middle, fc.array(fc.option(place), { maxLength: 40 }), (centre, offsets) => {
        const places = offsets.map((o): LonLat | undefined =>
          o ? offsetLonLat(centre, o.east, o.north) : undefined,
        );
        const brute = places.map((a) =>
          places.flatMap((b, k) => (a && b && distanceM(a, b) >= 25 && distanceM(a, b) <= 160 ? [k] : [])),
        );
        assert.deepEqual(nearPlaces(places, 25, 160), brute);
      }),
    );
  });
});
