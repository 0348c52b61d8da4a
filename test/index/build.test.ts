// An index is what its parts say it is: tiles, descriptors and graph; also after a kill, and also from a list.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildIndex, cutTile, openImagery, verifyIndex } from '../../index/index.js';
import { loadBundle } from '../../src/bundles/index.js';
import { openNetworks } from '../../src/describe/index.js';
import { sha256OfFile } from '../../src/files/index.js';
import { distanceM, insideBbox } from '../../src/geometry/index.js';
import { encodePng, rgbToNchw } from '../../src/imaging/index.js';
import { readCatalogue, readDescriptors, writeDescriptors } from '../../src/search/index.js';
import { openIndexVersion } from '../../src/versions/index.js';
import { DIMENSIONS, INPUT_PX, temporaryFolder, writeMosaic, writeTinyBundle } from './fixtures.js';

const folder = await temporaryFolder();
const bundleDir = join(folder, 'bundle');
const imagery = join(folder, 'mosaic.tif');
const FIRST = '2026-02-03T04:05:06.000Z';

before(async () => {
  await writeTinyBundle(bundleDir, 5);
  await writeMosaic(imagery);
});

test('a grid over imagery: places, names, recall, and every tile finds itself', async () => {
  const outDir = join(folder, 'grid');
  const manifest = await buildIndex({ bundleDir, imagery, outDir, strideM: 15, batchSize: 7 });
  // 200 m x 150 m hold tiles of 20 m every 15 m: 13 x 9.
  assert.equal(manifest.count, 117);
  assert.equal(manifest.dimensions, DIMENSIONS);
  assert.equal(manifest.tiles.sizeM, 20, "the bundle's tile size");
  assert.match(manifest.version, /^\d{8}T\d{6}Z-[0-9a-f]{8}$/);
  assert.ok(manifest.recall.at1 > 0.98 && manifest.recall.at10 > 0.98);
  const version = await openIndexVersion(outDir);
  const networks = await openNetworks(await loadBundle(join(outDir, 'bundle')), { threads: 1 });
  const source = await openImagery(imagery);
  try {
    assert.ok(Math.abs(distanceM(version.catalogue.tile(0), version.catalogue.tile(1)) - 15) < 0.01);
    for (const row of [0, 58, 116]) {
      const tile = await cutTile(source, version.catalogue.tile(row), 20, INPUT_PX);
      assert.ok(tile);
      const { data } = await networks.encoder.run(rgbToNchw(tile, undefined, 'unit'));
      const [best] = await version.index.search(data, 1);
      assert.equal(best?.row, row);
      assert.ok((best?.score ?? 0) > 0.9998, 'kept as float16');
    }
  } finally {
    await source.close();
    await networks.close();
    await version.close();
  }
  const report = await verifyIndex(outDir);
  assert.ok(report.recall.at10 > 0.98);
  await assert.rejects(buildIndex({ bundleDir, imagery, outDir }), { code: 'PARAMETER_INVALID' });
});

test('fewer dimensions and bits: the version says so, is asked with whole descriptors', async () => {
  const outDir = join(folder, 'small');
  const kept = { dimensions: 12, descriptors: 'i8' } as const;
  const manifest = await buildIndex({ bundleDir, imagery, outDir, strideM: 15, ...kept });
  assert.equal(manifest.dimensions, 12);
  assert.deepEqual(manifest.descriptors, { precision: 'i8' });
  assert.equal(manifest.projection?.from, DIMENSIONS);
  assert.ok((manifest.projection?.kept ?? 0) > 0.9);
  const files = Object.keys(manifest.files).sort();
  assert.deepEqual(files, [
    'basemap.pmtiles',
    'catalogue.bin',
    'descriptors.i8',
    'projection.f32',
    'tile-digests.bin',
  ]);
  assert.equal(manifest.files['descriptors.i8']?.bytes, 32 + 117 * 12 + 4 * 117);
  assert.ok((await verifyIndex(outDir)).recall.at1 > 0.98);
  const version = await openIndexVersion(outDir);
  const whole = await readDescriptors(join(folder, 'grid/descriptors.f16'));
  try {
    assert.equal(version.index.dimensions, DIMENSIONS, 'of what it is asked with');
    let right = 0;
    for (let row = 0; row < 117; row++) {
      const query = whole.data.slice(row * DIMENSIONS, (row + 1) * DIMENSIONS);
      const norm = Math.hypot(...query);
      const [best] = await version.index.search(
        query.map((x) => x / norm),
        1,
      );
      if (best?.row === row) right++;
    }
    assert.ok(right >= 110, `${right} of 117 tiles find themselves`);
  } finally {
    await version.close();
  }
  const wider = join(folder, 'wider.f32');
  await writeDescriptors(wider, { count: 12, dimensions: 5, data: new Float32Array(60) });
  await copyFile(wider, join(outDir, 'projection.f32'));
  const change = JSON.parse(await readFile(join(outDir, 'index.json'), 'utf8')) as typeof manifest;
  const sum = { sha256: await sha256OfFile(wider), bytes: (await stat(wider)).size };
  const changed = { ...change, files: { ...change.files, 'projection.f32': sum } };
  await writeFile(join(outDir, 'index.json'), JSON.stringify(changed));
  await assert.rejects(openIndexVersion(outDir), {
    code: 'INDEX_CORRUPT',
    message: /12 directions of 5.*12 of 24/,
  });
  for (const dimensions of [0, 1.5, 25]) {
    const out = join(folder, 'none');
    await assert.rejects(buildIndex({ bundleDir, imagery, outDir: out, dimensions }), {
      code: 'PARAMETER_INVALID',
      message: /from 1 to 24 can be kept/,
    });
  }
});

test('a bundle whose networks take panoramas gets no index', async () => {
  const dir = join(folder, 'baseline');
  await writeTinyBundle(dir, 5);
  const manifest = JSON.parse(await readFile(join(dir, 'bundle.json'), 'utf8'));
  await writeFile(join(dir, 'bundle.json'), JSON.stringify({ ...manifest, input: 'panorama' }));
  const outDir = join(folder, 'of-baseline');
  await assert.rejects(buildIndex({ bundleDir: dir, imagery, outDir }), { code: 'BUNDLE_INPUT_UNSUPPORTED' });
  assert.equal(await stat(`${outDir}.partial`).catch(() => 'missing'), 'missing');
});

test('a build that is killed goes on and ends the same', async () => {
  const whole = join(folder, 'whole');
  const killed = join(folder, 'killed');
  const graph = { engine: 'hnswlib' } as const;
  const options = { bundleDir, imagery, strideM: 4, createdAt: FIRST, graph };
  const expected = await buildIndex({ ...options, outDir: whole });
  assert.ok(expected.count > 3 * 256);
  const script = fileURLToPath(new URL('build-child.js', import.meta.url));
  const child = spawn(process.execPath, [script, bundleDir, imagery, killed, '600'], { stdio: 'inherit' });
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL']);
  assert.equal(await stat(killed).catch(() => 'missing'), 'missing');
  const shards = (await readdir(`${killed}.partial`)).filter((name) => name.endsWith('.f32'));
  assert.equal(shards.length, 2, 'two shards of 256 tiles were whole');
  // One of them is damaged meanwhile: it is embedded again.
  await writeFile(join(`${killed}.partial`, shards[0] as string), 'damaged');
  const steps: number[] = [];
  const manifest = await buildIndex({
    ...options,
    outDir: killed,
    createdAt: '2027-01-01T00:00:00.000Z',
    onProgress: (done, _total, stage) => stage === 'tiles' && steps.push(done),
  });
  assert.ok(steps.indexOf(512) === steps.indexOf(256) + 1, 'the second shard is taken as it is');
  assert.deepEqual(manifest, expected);
  for (const name of [
    'index.json',
    'graph.hnsw',
    'descriptors.f16',
    'catalogue.bin',
    'bundle/encoder.onnx',
  ]) {
    assert.equal(await sha256OfFile(join(killed, name)), await sha256OfFile(join(whole, name)), name);
  }
  assert.equal(await stat(`${killed}.partial`).catch(() => 'missing'), 'missing');
});

test('an area keeps the tiles whose centre is in it, and not those in its hole', async () => {
  const { bounds } = await openImagery(imagery);
  const [west, south, east, north] = bounds;
  const at = (x: number, y: number) => [west + (east - west) * x, south + (north - south) * y] as const;
  const ring = (a: number, b: number) => [at(a, a), at(b, a), at(b, b), at(a, b), at(a, a)];
  const areaGeoJson = join(folder, 'area.geojson');
  const geometry = { type: 'Polygon', coordinates: [ring(0.2, 0.8), ring(0.4, 0.6)] };
  const feature = { type: 'Feature', properties: {}, geometry };
  await writeFile(areaGeoJson, JSON.stringify({ type: 'FeatureCollection', features: [feature] }));
  const outDir = join(folder, 'area');
  const { count } = await buildIndex({ bundleDir, imagery, outDir, strideM: 5, areaGeoJson });
  const catalogue = await readCatalogue(join(outDir, 'catalogue.bin'));
  const [inside, hole] = [
    // A little wider and narrower: the catalogue rounds to 8 decimals.
    [...at(0.19999, 0.19999), ...at(0.80001, 0.80001)],
    [...at(0.40001, 0.40001), ...at(0.59999, 0.59999)],
  ] as unknown as [typeof bounds, typeof bounds];
  for (let row = 0; row < count; row++) {
    const tile = catalogue.tile(row);
    assert.ok(insideBbox(tile, inside) && !insideBbox(tile, hole), tile.tile);
  }
  // 120 m x 90 m less 40 m x 30 m at one tile every 25 m²
  assert.ok(Math.abs(count - 384) < 60, `${count} tiles`);
  await writeFile(areaGeoJson, '{"type":"Point","coordinates":[0,0]}');
  await assert.rejects(buildIndex({ bundleDir, imagery, outDir: join(folder, 'p'), areaGeoJson }), {
    code: 'PARAMETER_INVALID',
    message: /area\.geojson.*Point/,
  });
});

test('a list of tiles; and what is wrong in one is named by its line', async () => {
  const dir = join(folder, 'list');
  await mkdir(dir, { recursive: true });
  const source = await openImagery(imagery);
  const [west, south, east, north] = source.bounds;
  const lines = ['tile,lon,lat,sizeM,file'];
  for (let k = 0; k < 5; k++) {
    const place = { lon: west + ((k + 1) / 6) * (east - west), lat: (south + north) / 2 };
    const tile = await cutTile(source, place, 20, 32);
    assert.ok(tile);
    await writeFile(join(dir, `${k}.png`), await encodePng(tile));
    lines.push(`"tile, ${k}",${place.lon},${place.lat},20,${k}.png`);
  }
  await source.close();
  const tilesCsv = join(dir, 'tiles.csv');
  await writeFile(tilesCsv, lines.join('\r\n'));
  const outDir = join(folder, 'from-list');
  const manifest = await buildIndex({ bundleDir, tilesCsv, outDir });
  assert.equal(manifest.count, 5);
  assert.equal(manifest.tiles.strideM, null);
  const catalogue = await readCatalogue(join(outDir, 'catalogue.bin'));
  const listed = Array.from({ length: 5 }, (_, row) => catalogue.tile(row));
  assert.deepEqual(
    listed.map(({ tile, source }) => `${tile} ${source}`).sort(),
    Array.from({ length: 5 }, (_, k) => `tile, ${k} ${k}.png`),
  );

  const other = join(folder, 'never');
  for (const [line, what] of [
    ['a,7,50,20', /line 7 has 4 fields/],
    ['a,7,91,20,1.png', /line 7: lat is "91"/],
    ['a,,50,20,1.png', /line 7: lon is ""/],
    ['a,7,50,-1,1.png', /line 7: sizeM is "-1"/],
    ['"tile, 2",7,50,20,1.png', /line 7: tile "tile, 2" is empty or named twice/],
    ['a,7,50,20,gone.png', /line 7: gone\.png cannot be read/],
    ['"a,7,50,20,1.png', /line 7: a quote is never closed/],
  ] as const) {
    await writeFile(tilesCsv, [...lines, line].join('\n'));
    await assert.rejects(buildIndex({ bundleDir, tilesCsv, outDir: other }), {
      code: 'TILES_CSV_INVALID',
      message: what,
    });
  }
  await writeFile(tilesCsv, 'id,lon,lat\n');
  await assert.rejects(buildIndex({ bundleDir, tilesCsv, outDir: other }), { code: 'TILES_CSV_INVALID' });
  assert.equal(await stat(other).catch(() => 'missing'), 'missing');
  await assert.rejects(buildIndex({ bundleDir, outDir: other }), { code: 'PARAMETER_INVALID' });
  assert.match(await readFile(join(outDir, 'index.json'), 'utf8'), /"count": 5/);
});
