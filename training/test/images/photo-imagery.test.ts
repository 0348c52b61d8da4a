// Own panoramas over a folder of XYZ/TMS tiles, and the unlabelled tiles that are cut beside them.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { distanceM, localOffsetM, offsetLonLat } from 'skyfix/geometry';
import { cutTile, gridCentres, imageryIdentity, openImagery } from 'skyfix/index';
import { splitOfBlock } from '../../common/blocks.js';
import { openDataset } from '../../datasets/index.js';
import { prepareArea } from '../../images/prepare.js';
import { prepareUnlabelledTiles } from '../../images/tile-images.js';
import { bytesPerImage } from '../../stores/image-store.js';
import { toLonLat } from '../../town/overhead/georeference.js';
import { refused } from '../support/dataset-checks.js';
import {
  PHOTO_GEOMETRY,
  PHOTO_TILES,
  photo,
  withoutGps,
  writeImagery,
  writeXyzFolder,
  writeXyzTile,
  xyzPath,
} from '../support/photo-fixtures.js';

const SIDE_M = 600;
const PHOTOS = { ...PHOTO_TILES, shares: { validation: 0.1, test: 0.2 } };
/** 60 m apart, from corner to corner. */
const PLACES = Array.from({ length: 64 }, (_, k) => ({
  x: 90 + 60 * (k % 8),
  y: 90 + 60 * Math.floor(k / 8),
}));

let dir = '';
let root = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skyfix-photo-imagery-'));
  root = join(dir, 'photos');
  await mkdir(root);
  for (const [k, { x, y }] of PLACES.entries()) await writeFile(join(root, `${k}.jpg`), await photo(x, y));
  await writeFile(join(root, 'nowhere.jpg'), await withoutGps(await photo(1, 1)));
});
after(() => rm(dir, { recursive: true }));

describe('photos over a folder of tiles', () => {
  for (const tms of [false, true]) {
    it(`are opened with their tiles (${tms ? 'TMS' : 'XYZ'})`, async () => {
      const imagery = join(dir, tms ? 'tms' : 'xyz');
      await writeXyzFolder(imagery, SIDE_M, tms);
      const photos = { ...PHOTOS, imagery, imageryOptions: { tms } };
      const { pairs } = await openDataset({ format: 'photos', root, photos, checkImages: true });
      assert.ok(pairs.length > 30);
      const wrong = { ...photos, imageryOptions: { tms: !tms } };
      await refused({ format: 'photos', root, photos: wrong }, `outside-imagery ${PLACES.length}`);
    });
  }

  it('are cut again where a tile below the folder has changed', async () => {
    const imagery = join(dir, 'changing');
    await writeXyzFolder(imagery, SIDE_M);
    const photos = { ...PHOTOS, imagery };
    const firstPixel = async () => {
      const dataset = await openDataset({ format: 'photos', root, photos });
      const { tiles, ids } = await prepareArea(dataset, ['train', 'validation', 'test'], PHOTO_GEOMETRY, {
        cacheDir: join(dir, 'cache'),
        threads: 0,
      });
      const pixels = new Uint8Array(bytesPerImage(tiles));
      tiles.read(ids.indexOf('0.jpg'), pixels);
      return [...pixels.subarray(0, 3)];
    };
    assert.deepEqual(await firstPixel(), [128, 128, 128]);
    const [identity, folder] = [await imageryIdentity(imagery), await stat(imagery)];
    await writeXyzTile(xyzPath(imagery, PLACES[0]?.x ?? 0, PLACES[0]?.y ?? 0), '#ff0000');
    assert.equal((await stat(imagery)).mtimeMs, folder.mtimeMs);
    assert.notDeepEqual(await imageryIdentity(imagery), identity);
    assert.deepEqual(await firstPixel(), [255, 0, 0]);
  });

  it('are refused by name where there is no imagery at all', async () => {
    const imagery = join(dir, 'nothing');
    await assert.rejects(openDataset({ format: 'photos', root, photos: { ...PHOTOS, imagery } }), {
      code: 'IMAGERY_INVALID',
    });
  });
});

describe('unlabelled tiles', () => {
  const UNLABELLED = { strideM: 10, apartM: 25 };
  let imagery = '';
  const open = (unlabelled?: typeof UNLABELLED) =>
    openDataset({
      format: 'photos',
      root,
      photos: { ...PHOTOS, imagery, ...(unlabelled && { unlabelled }) },
    });
  before(async () => {
    imagery = join(dir, 'imagery.tif');
    await writeImagery(imagery, SIDE_M);
  });

  it('are all of the grid that shows no photo again and no ground that a run is measured on', async () => {
    const { unlabelledTiles = [], pairs, gallery } = await open(UNLABELLED);
    const source = await openImagery(imagery);
    const grid = gridCentres(source.bounds, 28, UNLABELLED.strideM);
    await source.close();
    const splitAt = (place: { lon: number; lat: number }) => splitOfBlock(place, 80, 1, PHOTOS.shares);
    const photos = PLACES.map(({ x, y }) => toLonLat(x, y));
    const heldOut = photos.filter((place) => splitAt(place) !== 'train');
    assert.ok(heldOut.length > 5 && heldOut.length < photos.length - 20, `${heldOut.length} held out`);
    // Independently: every metre of the tile and its margin is asked for its block.
    const isKept = (centre: { lon: number; lat: number }) => {
      if (photos.some((place) => distanceM(place, centre) <= UNLABELLED.apartM)) return false;
      if (heldOut.some((place) => distanceM(place, centre) <= Math.SQRT2 * 24)) return false;
      for (let east = -14; east <= 14; east++)
        for (let north = -14; north <= 14; north++)
          if (splitAt(offsetLonLat(centre, east, north)) !== 'train') return false;
      return true;
    };
    const expected = Array.from({ length: grid.count }, (_, k) => grid.place(k)).filter(isKept);
    assert.deepEqual(
      unlabelledTiles.map(({ centre }) => centre),
      expected,
    );
    assert.ok(expected.length > 50 && expected.length < grid.count / 2, `${expected.length}`);
    assert.deepEqual(
      gallery.map(({ id }) => id),
      pairs.map(({ id }) => id),
    );
    const ids = new Set([...gallery, ...unlabelledTiles].map(({ id }) => id));
    assert.equal(ids.size, gallery.length + unlabelledTiles.length);
    assert.equal((await open()).unlabelledTiles, undefined);
  });

  it('are cut with their margin, and are in the gallery of no query', async () => {
    const dataset = await open(UNLABELLED);
    const options = { cacheDir: join(dir, 'cache'), threads: 0 };
    const tiles = await prepareUnlabelledTiles(dataset, PHOTO_GEOMETRY, 4, options);
    const source = await openImagery(imagery);
    const pixels = new Uint8Array(28 * 28 * 3);
    // The grid fills a box in degrees; the imagery lies aslant in it.
    const wanted = new Map<string, Uint8Array>();
    for (const { id, centre } of dataset.unlabelledTiles ?? []) {
      const cut = centre && (await cutTile(source, centre, 28, 28));
      if (cut) wanted.set(id, cut.data);
    }
    await source.close();
    assert.ok(wanted.size > 50);
    assert.deepEqual(tiles?.ids, [...wanted.keys()]);
    for (const [k, data] of [...wanted.values()].entries()) {
      tiles?.images.read(k, pixels);
      assert.deepEqual(pixels, data);
    }
    const area = await prepareArea(dataset, 'test', PHOTO_GEOMETRY, options);
    assert.equal(area.gallery.count, area.ids.length);
    assert.equal(await prepareUnlabelledTiles(await open(), PHOTO_GEOMETRY, 4, options), undefined);
  });

  it('are left out where a folder has no tile', async () => {
    const folder = join(dir, 'hole');
    await writeXyzFolder(folder, SIDE_M);
    const [x, y] = [SIDE_M + 500, SIDE_M / 2]; // an island, and nothing on the way to it
    await writeXyzTile(xyzPath(folder, x, y), '#808080');
    const photos = { ...PHOTOS, imagery: folder, unlabelled: { strideM: 40, apartM: 25 } };
    const dataset = await openDataset({ format: 'photos', root, photos });
    const tiles = await prepareUnlabelledTiles(dataset, PHOTO_GEOMETRY, 0, {
      cacheDir: join(dir, 'cache'),
      threads: 0,
    });
    const east = (lonLat: { lon: number; lat: number }) => localOffsetM(toLonLat(0, 0), lonLat).eastM;
    const kept = new Set(tiles?.ids);
    const inGap = (dataset.unlabelledTiles ?? []).filter(
      ({ centre }) => centre && east(centre) > 900 && east(centre) < 910,
    );
    assert.ok(kept.size > 20 && kept.size < (dataset.unlabelledTiles?.length ?? 0));
    assert.ok(inGap.every(({ id }) => !kept.has(id)));
    const pixels = new Uint8Array(bytesPerImage(tiles?.images ?? { sizePx: 0 }));
    for (let k = 0; k < kept.size; k++) {
      tiles?.images.read(k, pixels);
      assert.equal(pixels[0], 128);
    }
  });
});
