// Prepared data of the published formats, against the functions that serving uses, called one by one.
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { bevGeometryOf } from 'skyfix/bundles';
import {
  areaDownsample,
  type FieldOfView,
  projectBev,
  type RgbImage,
  sphereWindowFromVerticalFov,
  sphereWindowOf,
} from 'skyfix/geometry';
import { decodeImage, resizeImage } from 'skyfix/imaging';
import { openDataset, publishedGeometry } from '../../datasets/index.js';
import { prepareArea, prepareUnpaired } from '../../images/prepare.js';
import {
  VIGOR_TILES,
  vigorRow,
  writeCvact,
  writeCvCities,
  writeCvusa,
  writeOwnData,
  writeVigor,
} from '../support/dataset-fixtures.js';
import { imageOf, putNoise, square } from '../support/noise-images.js';

describe('prepared data', () => {
  let dir = '';
  let cacheDir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-prepare-'));
    cacheDir = join(dir, 'cache');
  });
  after(() => rm(dir, { recursive: true }));

  it('of CVUSA are BEVs of strips, looking north, and the middle of the tiles', async () => {
    const root = join(dir, 'cvusa');
    await writeCvusa(root);
    const strip = await putNoise(join(root, 'streetview/panos/0000002.jpg'), 308, 56, 1);
    const tile = await putNoise(join(root, 'bingmap/19/0000002.jpg'), 120, 120, 2);
    const dataset = await openDataset({ format: 'cvusa', root, tileFileM: 55 });
    const geometry = { tileSizeM: 44, inputSizePx: 32, bevSizePx: 64, cameraHeightM: 2 };
    const area = await prepareArea(dataset, 'train', geometry, { cacheDir, marginM: 4, panoramas: true });
    const window = sphereWindowFromVerticalFov(308, 56, (360 * 224) / 1232, 360, 0.585);
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
    // As it is known of the data set: 60 m out of 750 px at zoom 19, 32 degrees north.
    const known = publishedGeometry('cvusa', 32);
    assert.ok(known);
    const plain = await prepareArea(await openDataset({ format: 'cvusa', root }), 'train', known, {
      cacheDir,
    });
    const sidePx = Math.round((120 * 60) / (750 * 0.298582 * Math.cos((32 * Math.PI) / 180)));
    const cornerPx = Math.round((120 - sidePx) / 2);
    const middle = square(tile, cornerPx, cornerPx, sidePx);
    assert.deepEqual(imageOf(plain.gallery, 1), (await resizeImage(middle, 32, 32)).data);
  });

  it('of own data show the ground, the strip and the camera height of each row: strips and spheres mix', async () => {
    const root = join(dir, 'mixed');
    await writeOwnData(root);
    const geometry = { tileSizeM: 48, inputSizePx: 16, bevSizePx: 32, cameraHeightM: 2 };
    const sphere = await putNoise(join(root, 'g/1.png'), 64, 32, 21);
    const strip = await putNoise(join(root, 'g/2.png'), 240, 60, 22);
    const tile = await putNoise(join(root, 's/1.png'), 96, 96, 23);
    const wide = await putNoise(join(root, 's/4.png'), 96, 96, 24);
    await writeFile(
      join(root, 'pairs.csv'),
      [
        'heading,camera_height_m,id,ground,satellite,horizon_share,vertical_fov_deg,tile_size_m,split',
        '90,,sphere,g/1.png,s/1.png,,,,',
        '45,3.25,strip,g/2.png,s/4.png,0.6,90,96,train',
      ].join('\n'),
    );
    const area = await prepareArea(await openDataset({ format: 'csv', root }), 'train', geometry, {
      cacheDir,
    });
    const bevOf = (image: RgbImage, fov: FieldOfView, headingDeg: number, cameraHeightM: number) => {
      const window = sphereWindowOf(image.widthPx, image.heightPx, fov);
      const bev = bevGeometryOf(geometry, cameraHeightM);
      return areaDownsample(projectBev(image, window, { headingDeg, pitchDeg: 0, rollDeg: 0 }, bev), 2).image
        .data;
    };
    assert.deepEqual(imageOf(area.bevs, 0), bevOf(sphere, { verticalDeg: 180 }, 90, 2));
    assert.deepEqual(imageOf(area.bevs, 1), bevOf(strip, { verticalDeg: 90, horizonShare: 0.6 }, 45, 3.25));
    assert.deepEqual(imageOf(area.gallery, 0), (await resizeImage(tile, 16, 16)).data);
    assert.deepEqual(imageOf(area.gallery, 1), (await resizeImage(square(wide, 24, 24, 48), 16, 16)).data);
    // What rows do not say, the source does: the ground of a tile's file.
    const said = await openDataset({ format: 'csv', root, tileFileM: 64 });
    const { gallery } = await prepareArea(said, 'train', geometry, { cacheDir });
    assert.deepEqual(imageOf(gallery, 0), (await resizeImage(square(tile, 12, 12, 72), 16, 16)).data);
    assert.deepEqual(imageOf(gallery, 1), imageOf(area.gallery, 1));
  });

  it('of files of 2:1 are full spheres where only the bundle expects strips, and strips where the data set does', async () => {
    const root = join(dir, 'squeezed');
    await writeOwnData(root);
    const image = await putNoise(join(root, 'g/1.png'), 64, 32, 31);
    const fieldOfView = { verticalDeg: 70, horizonShare: 0.6 };
    const geometry = { tileSizeM: 48, inputSizePx: 16, bevSizePx: 32, cameraHeightM: 2, fieldOfView };
    const bevOf = (fov: FieldOfView) => {
      const pose = { headingDeg: 90, pitchDeg: 0, rollDeg: 0 };
      const bev = projectBev(image, sphereWindowOf(64, 32, fov), pose, bevGeometryOf(geometry));
      return areaDownsample(bev, 2).image.data;
    };
    for (const [said, fov] of [
      [{}, { verticalDeg: 180 }],
      [{ fieldOfView }, fieldOfView],
    ] as const) {
      const dataset = await openDataset({ format: 'csv', root, ...said });
      const { bevs } = await prepareArea(dataset, 'train', geometry, { cacheDir });
      assert.deepEqual(imageOf(bevs, 0), bevOf(fov));
    }
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
    const published = { verticalDeg: (360 * 224) / 1232, horizonShare: 0.585 };
    const other = { verticalDeg: 130.9 };
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
