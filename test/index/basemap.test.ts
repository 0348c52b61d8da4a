// The basemap of an index: as the pmtiles package reads it, it shows what the imagery shows where it shows it.
import assert from 'node:assert/strict';
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { PMTiles, type RangeResponse, type Source } from 'pmtiles';
import proj4 from 'proj4';
import sharp from 'sharp';
import { planBasemap } from '../../index/basemap.js';
import {
  type BuildNote,
  type BuildOptions,
  buildIndex,
  cutTile,
  openImagery,
  publishIndex,
} from '../../index/index.js';
import { Basemap, toMercator } from '../../src/basemap/index.js';
import { currentVersionDir, openIndexVersion } from '../../src/versions/index.js';
import { ASCII, sampledTiff } from '../support/image-files.js';
import { temporaryFolder, writeMosaic, writeTinyBundle } from './fixtures.js';

const folder = await temporaryFolder();
const bundleDir = join(folder, 'bundle');
const imagery = join(folder, 'mosaic.tif');

before(async () => {
  await writeTinyBundle(bundleDir, 5);
  await writeMosaic(imagery);
});

class DiskSource implements Source {
  readonly #path: string;
  constructor(path: string) {
    this.#path = path;
  }
  getKey(): string {
    return this.#path;
  }
  async getBytes(offset: number, length: number): Promise<RangeResponse> {
    const bytes = await readFile(this.#path);
    return { data: Uint8Array.from(bytes.subarray(offset, offset + length)).buffer };
  }
}

async function build(name: string, options: Partial<BuildOptions> = {}) {
  const notes: BuildNote[] = [];
  const outDir = join(folder, name);
  const onNote = (note: BuildNote) => notes.push(note);
  const manifest = await buildIndex({ bundleDir, imagery, strideM: 20, outDir, onNote, ...options });
  return { outDir, manifest, facts: notes.map(({ text }) => text).join('\n') };
}

const pixelsOf = (data: ArrayBuffer) =>
  sharp(Buffer.from(data)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });

test('zoom levels by the resolution, tiles where the index is, colours where the imagery has them', async () => {
  const { outDir, manifest, facts } = await build('with');
  // 0.5 m at 49.7 degrees north: level 17 has 0.77 m, level 18 0.39 m.
  assert.equal(manifest.basemap?.maxZoom, 18);
  assert.match(facts, /^basemap: zoom 1\d to 18, \d+ tiles, 0\.\d MB$/m);
  const path = join(outDir, 'basemap.pmtiles');
  const archive = new PMTiles(new DiskSource(path));
  const header = await archive.getHeader();
  assert.deepEqual([header.minZoom, header.maxZoom], [manifest.basemap.minZoom, 18]);
  const top = await openImagery(imagery);
  const [west, south, east, north] = top.bounds;
  await top.close();
  assert.ok(
    header.minLon >= west - 1e-6 && header.maxLon <= east + 1e-6,
    'no ground beyond the tiles of the index',
  );
  assert.ok(header.minLat >= south - 1e-6 && header.maxLat <= north + 1e-6);
  // Squares of 8 x 8 pixels of one colour each, found by proj4 from UTM.
  const source = await sharp(imagery).raw().toBuffer({ resolveWithObject: true });
  let compared = 0;
  for (let row = 5; row < 32; row += 4) {
    for (let column = 5; column < 44; column += 4) {
      const [x, y] = [column * 8 + 4, row * 8 + 4];
      const utm = [500000 + x * 0.5, 5500000 - y * 0.5];
      const [lon = 0, lat = 0] = proj4('+proj=utm +zone=32 +datum=WGS84', 'WGS84', utm);
      const place = toMercator({ lon, lat });
      const [px, py] = [place.x * 256 * 2 ** 18, place.y * 256 * 2 ** 18];
      const found = await archive.getZxy(18, Math.floor(px / 256), Math.floor(py / 256));
      assert.ok(found, `no tile at ${lon}, ${lat}`);
      const { data } = await pixelsOf(found.data);
      const at = 4 * (Math.floor(py % 256) * 256 + Math.floor(px % 256));
      const from = source.info.channels * (y * source.info.width + x);
      assert.equal(data[at + 3], 255);
      for (let c = 0; c < 3; c++) {
        const [there, here] = [source.data[from + c] ?? 0, data[at + c] ?? 0];
        assert.ok(Math.abs(there - here) < 30, `${x},${y} channel ${c}: ${here} instead of ${there}`);
        compared++;
      }
    }
  }
  assert.ok(compared > 200);
});

test('a level above is the mean of the one below, up to one on which all of it is a tile or four', async () => {
  const path = join(folder, 'with', 'basemap.pmtiles');
  const archive = new PMTiles(new DiskSource(path));
  const { minZoom, maxZoom, minLon, maxLat, maxLon, minLat } = await archive.getHeader();
  const [first, last] = [toMercator({ lon: minLon, lat: maxLat }), toMercator({ lon: maxLon, lat: minLat })];
  const tilesAt = (z: number) => {
    const at = (value: number) => Math.floor(value * 2 ** z);
    return { x0: at(first.x), x1: at(last.x), y0: at(first.y), y1: at(last.y) };
  };
  const most = tilesAt(minZoom);
  assert.ok((most.x1 - most.x0 + 1) * (most.y1 - most.y0 + 1) <= 4);
  const { x0: west, x1: east, y0: north, y1: south } = tilesAt(maxZoom - 1);
  // The middle one: those of the corners are mostly beyond the imagery.
  const [x0, y0] = [(west + east) >> 1, (north + south) >> 1];
  const parent = await archive.getZxy(maxZoom - 1, x0, y0);
  assert.ok(parent);
  const { data: above } = await pixelsOf(parent.data);
  const differences: number[] = [];
  for (const [right, down] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ] as const) {
    const child = await archive.getZxy(maxZoom, 2 * x0 + right, 2 * y0 + down);
    if (!child) continue;
    const below = await sharp(Buffer.from(child.data))
      .ensureAlpha()
      .resize(16, 16, { kernel: 'cubic' })
      .raw()
      .toBuffer();
    const half = await sharp(Buffer.from(above), { raw: { width: 256, height: 256, channels: 4 } })
      .extract({ left: right * 128, top: down * 128, width: 128, height: 128 })
      .resize(16, 16, { kernel: 'cubic' })
      .raw()
      .toBuffer();
    for (let k = 0; k < below.length; k += 4) {
      if (below[k + 3] !== 255 || half[k + 3] !== 255) continue;
      for (let c = 0; c < 3; c++) {
        differences.push(Math.abs((below[k + c] ?? 0) - (half[k + c] ?? 0)));
      }
    }
  }
  const mean = differences.reduce((a, b) => a + b, 0) / differences.length;
  // Of noise that has nothing to do with each other it is some 40.
  assert.ok(differences.length > 250 && mean < 15, `${differences.length} differ by ${mean}`);
});

test('a square cut out of it is what the imagery shows there, transparent beyond', async () => {
  const basemap = await Basemap.open(join(folder, 'with', 'basemap.pmtiles'));
  const source = await openImagery(imagery);
  try {
    const [west, south, east, north] = source.bounds;
    const centre = { lon: (west + east) / 2, lat: (south + north) / 2 };
    const side = 80;
    const { image, shown } = await basemap.cut(centre, 40, side);
    const truth = await cutTile(source, centre, 40, side);
    assert.ok(truth && !shown.includes(0));
    /** Mean difference of colours where one is shifted by pixels of half a metre. */
    const differenceAt = (dx: number, dy: number) => {
      let [sum, count] = [0, 0];
      for (let y = 2; y < side - 2; y++) {
        for (let k = 6; k < 3 * side - 6; k++, count++) {
          const there = truth.data[(y + dy) * side * 3 + k + 3 * dx] ?? 0;
          sum += Math.abs(there - (image.data[y * side * 3 + k] ?? 0));
        }
      }
      return sum / count;
    };
    const here = differenceAt(0, 0);
    assert.ok(here < 18, `differs by ${here}`);
    for (const [dx, dy] of [
      [2, 0],
      [-2, 0],
      [0, 2],
      [0, -2],
    ] as const) {
      assert.ok(
        differenceAt(dx, dy) > 1.4 * here,
        `by ${here} here, by ${differenceAt(dx, dy)} at ${dx}, ${dy}`,
      );
    }
    const corner = await basemap.cut({ lon: west, lat: north }, 40, 40);
    assert.equal(corner.shown[39 * 40 + 39], 1);
    assert.equal(corner.shown[0], 0);
    const far = await basemap.cut({ lon: 0, lat: 0 }, 40, 40);
    assert.ok(!far.shown.includes(1));
  } finally {
    await source.close();
    await basemap.close();
  }
});

test('a large area gets less depth rather than more tiles; a level that was asked for is bounded too', () => {
  // 400 km² in tiles every 500 m, at the equator: level 17 has 306 m a tile.
  const places = Array.from({ length: 1600 }, (_, k) => ({
    lon: (k % 40) * 0.0045,
    lat: Math.floor(k / 40) * 0.0045,
  }));
  const covered = { places, sizeM: 500, bounds: [0, 0, 0.18, 0.18] } as const;
  const auto = planBasemap('auto', 0.3, covered);
  assert.ok(auto.coarsened && auto.deepest.size <= 16_384 && auto.deepest.size > 4096);
  assert.equal(planBasemap(17, 0.3, covered).maxZoom, 17);
  assert.throws(() => planBasemap(22, 0.3, covered), {
    code: 'PARAMETER_INVALID',
    message: /level 22 has more than 1000000/,
  });
  const small = planBasemap('auto', 0.3, { ...covered, places: places.slice(0, 5) });
  assert.deepEqual([small.maxZoom, small.coarsened], [19, false]);
});

test('off, a given level, and a list of tiles', async () => {
  const without = await build('without', { basemap: 'off' });
  assert.equal(without.manifest.basemap, undefined);
  assert.deepEqual(Object.keys(without.manifest.files).sort(), [
    'catalogue.bin',
    'descriptors.f16',
    'tile-digests.bin',
  ]);
  const coarse = await build('coarse', { basemap: 15 });
  assert.equal(coarse.manifest.basemap?.maxZoom, 15);
  await sharp(imagery)
    .extract({ left: 0, top: 0, width: 40, height: 40 })
    .png()
    .toFile(join(folder, 'one.png'));
  const tilesCsv = join(folder, 'tiles.csv');
  await writeFile(tilesCsv, 'tile,lon,lat,sizeM,file\na,9.001,49.65,20,one.png\n');
  const list = await build('list', { imagery: undefined, tilesCsv });
  assert.equal(list.manifest.basemap, undefined);
  assert.match(list.facts, /no basemap: a list of tiles/);
});

test('published with its checksum; damage is found; whose imagery it is and the outline come along', async () => {
  const area = join(folder, 'area.geojson');
  const ring = [
    [9.0005, 49.6505],
    [9.002, 49.6505],
    [9.002, 49.6515],
    [9.0005, 49.6505],
  ];
  await writeFile(area, JSON.stringify({ type: 'Polygon', coordinates: [ring] }));
  const { outDir } = await build('owned', { areaGeoJson: area, attribution: '© the surveyor' });
  const dataDir = join(folder, 'data');
  await publishIndex({ indexDir: outDir, dataDir, region: 'owned' });
  const dir = await currentVersionDir(dataDir, 'owned');
  const version = await openIndexVersion(dir);
  assert.equal(version.manifest.basemap?.attribution, '© the surveyor');
  assert.deepEqual(version.outline, { type: 'MultiPolygon', coordinates: [[ring]] });
  assert.equal(version.basemap?.maxZoom, 18);
  await version.close();
  await appendFile(join(dir, 'basemap.pmtiles'), 'x');
  await assert.rejects(openIndexVersion(dir), { code: 'INDEX_CORRUPT', message: /basemap\.pmtiles/ });
  await rm(join(dir, 'basemap.pmtiles'));
  await assert.rejects(openIndexVersion(dir), {
    code: 'INDEX_CORRUPT',
    message: /basemap\.pmtiles is missing/,
  });
});

test("the imagery's own notice: of a GeoTIFF its copyright, of tiles what their metadata says, without markup", async () => {
  const noticed = join(folder, 'noticed.tif');
  const values = new Uint8Array(8 * 8 * 3).fill(99);
  const tags = [[33432, ASCII, 'IGN 2026']] as const;
  await writeFile(noticed, sampledTiff({ widthPx: 8, heightPx: 8, channels: 3, bits: 8, values, tags }));
  await writeFile(join(folder, 'noticed.tfw'), '0.5\n0\n0\n-0.5\n500000\n5500000\n');
  const geotiff = await openImagery(noticed, { epsg: 32632 });
  assert.equal(geotiff.attribution, 'IGN 2026');
  await geotiff.close();
  const plain = await openImagery(imagery);
  assert.equal(plain.attribution, undefined);
  await plain.close();
  const xyz = join(folder, 'xyz');
  await mkdir(join(xyz, '3', '4'), { recursive: true });
  await sharp({ create: { width: 256, height: 256, channels: 3, background: '#777' } })
    .png()
    .toFile(join(xyz, '3/4/2.png'));
  await writeFile(join(xyz, 'metadata.json'), JSON.stringify({ attribution: '<a href="x">© Maps</a> 2026' }));
  const folderOfTiles = await openImagery(xyz);
  assert.equal(folderOfTiles.attribution, '© Maps 2026');
  await folderOfTiles.close();
});
