// A region in miniature, made in code: panoramas of coloured noise, networks of a few nodes whose result can be
// computed by hand, and a published index version. For tests of everything above `models/` and `search/`.
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { BUNDLE_SCHEMA, type BundleGeometry, type BundleInput } from '../../src/bundles/index.js';
import { type FileChecksum, sha256OfBytes, sha256OfFile } from '../../src/files/index.js';
import {
  type FieldOfView,
  fullSphere,
  LEVEL_NORTH,
  offsetLonLat,
  projectBev,
  type RgbImage,
} from '../../src/geometry/index.js';
import { OnnxGraph } from '../../src/onnx/index.js';
import {
  buildHnswGraph,
  type Descriptors,
  formatCatalogue,
  formatDescriptors,
  type Tile,
} from '../../src/search/index.js';
import { INDEX_SCHEMA, POINTER_SCHEMA } from '../../src/versions/index.js';

export const GEOMETRY: BundleGeometry = { tileSizeM: 16, inputSizePx: 8, bevSizePx: 16, cameraHeightM: 2 };
export const CENTRE = { lon: 10, lat: 50 };
const DIMENSIONS = 3 * GEOMETRY.inputSizePx ** 2;

/** mulberry32: numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Single pixels would be noise, which is no picture. */
const SQUARE_PX = 4;

/** A 2:1 panorama of coloured squares that no other seed looks like. */
export function noisePanorama(seed: number, widthPx = 128): RgbImage {
  const random = seeded(seed);
  const squaresAcross = Math.ceil(widthPx / SQUARE_PX);
  const colours = Uint8Array.from({ length: squaresAcross * squaresAcross * 3 }, () => random() * 256);
  const data = new Uint8Array((widthPx * widthPx * 3) / 2);
  for (let k = 0; k < data.length; k++) {
    const [channel, pixel] = [k % 3, Math.floor(k / 3)];
    const column = Math.floor((pixel % widthPx) / SQUARE_PX);
    const line = Math.floor(pixel / widthPx / SQUARE_PX);
    data[k] = colours[3 * (line * squaresAcross + column) + channel] as number;
  }
  return { widthPx, heightPx: widthPx / 2, data };
}

/** As a file; PNG keeps every pixel. */
export function pngOf({ data, widthPx, heightPx }: RgbImage): Promise<Buffer> {
  return sharp(data, { raw: { width: widthPx, height: heightPx, channels: 3 } })
    .png()
    .toBuffer();
}

/** What the tiny networks make of a panorama, computed without them: the inverted, averaged BEV about mid-grey, unit length. */
export function descriptorByHand(panorama: RgbImage, cameraHeightM = GEOMETRY.cameraHeightM): Float32Array {
  const { bevSizePx, inputSizePx, tileSizeM } = GEOMETRY;
  const bev = projectBev(panorama, fullSphere(panorama.widthPx, panorama.heightPx), LEVEL_NORTH, {
    sizePx: bevSizePx,
    gsdM: tileSizeM / bevSizePx,
    cameraHeightM,
  });
  const factor = bevSizePx / inputSizePx;
  const values = new Float32Array(DIMENSIONS);
  for (let p = 0; p < bevSizePx * bevSizePx; p++) {
    const cell = Math.floor(p / bevSizePx / factor) * inputSizePx + Math.floor((p % bevSizePx) / factor);
    for (let c = 0; c < 3; c++) {
      const at = c * inputSizePx ** 2 + cell;
      values[at] = (values[at] ?? 0) + (0.5 - (bev.image.data[p * 3 + c] ?? 0) / 255) / factor ** 2;
    }
  }
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

/** view = -bev */
function invertingGenerator(): Uint8Array {
  const { inputSizePx: s } = GEOMETRY;
  const graph = new OnnxGraph('invert');
  const bev = graph.input('bev', ['N', 3, s, s]);
  graph.node('Neg', [bev], {}, 'view');
  graph.output('view', ['N', 3, s, s]);
  return graph.encode();
}

/** descriptor = flat(image - 1/2), unit length; `nudge` changes the file and nothing else that matters. */
function flatteningEncoder(nudge: number): Uint8Array {
  const { inputSizePx: s } = GEOMETRY;
  const graph = new OnnxGraph('flatten');
  const image = graph.input('image', ['N', 3, s, s]);
  const grey = graph.constant('grey', [1], Float32Array.of(0.5 + nudge));
  const flat = graph.node('Flatten', [graph.node('Sub', [image, grey])], { axis: 1 });
  graph.node('LpNormalization', [flat], { axis: 1, p: 2 }, 'descriptor');
  graph.output('descriptor', ['N', DIMENSIONS]);
  return graph.encode();
}

export interface TinyBundleOptions {
  readonly version?: string;
  readonly generator?: boolean;
  /** Networks with other checksums. */
  readonly nudge?: number;
  readonly input?: BundleInput;
  readonly fieldOfView?: FieldOfView;
  readonly cameraHeightsM?: readonly number[];
}

/** Writes a bundle folder; returns its encoder's SHA-256. */
export async function writeTinyBundle(dir: string, options: TinyBundleOptions = {}): Promise<string> {
  await mkdir(dir, { recursive: true });
  const files: Record<string, FileChecksum> = {};
  const add = async (name: string, bytes: Uint8Array) => {
    await writeFile(join(dir, name), bytes);
    files[name] = { sha256: sha256OfBytes(bytes), bytes: bytes.length };
  };
  await add('encoder.onnx', flatteningEncoder(options.nudge ?? 0));
  if (options.generator !== false) await add('generator.onnx', invertingGenerator());
  const manifest = {
    schema: BUNDLE_SCHEMA,
    name: 'tiny',
    version: options.version ?? '1',
    createdAt: '2026-01-01T00:00:00.000Z',
    profile: 'test',
    ...(options.input && { input: options.input }),
    geometry: {
      ...GEOMETRY,
      ...(options.fieldOfView && { fieldOfView: options.fieldOfView }),
      ...(options.cameraHeightsM && { cameraHeightsM: options.cameraHeightsM }),
    },
    preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
    descriptor: { dimensions: DIMENSIONS },
    training: {},
    metrics: {},
    files,
  };
  await writeFile(join(dir, 'bundle.json'), JSON.stringify(manifest));
  return files['encoder.onnx']?.sha256 ?? '';
}

/** The tile of a seed's place: places lie 40 m apart on a line going east; `eastM` shifts it. */
export function tinyTile(seed: number, eastM = 0): Tile {
  const place = offsetLonLat(CENTRE, seed * 40 + eastM, 0);
  return { tile: `place-${seed}${eastM === 0 ? '' : `+${eastM}`}`, ...place, sizeM: 16, source: 'test' };
}

export interface TinyVersionOptions extends TinyBundleOptions {
  /** Index version; sorts as text. */
  readonly indexVersion?: string;
  readonly recallAt10?: number;
  /** Seeds of the places; default 0 to 9. */
  readonly seeds?: readonly number[];
}

/**
 * Writes a complete version of a region and makes it current. Each place has two tiles: the true one and a weaker one
 * 4 m further east. Returns the version's folder.
 */
export async function publishTinyVersion(
  dataDir: string,
  region: string,
  options: TinyVersionOptions = {},
): Promise<string> {
  const { indexVersion = FIRST_VERSION } = options;
  const dir = versionFolder(dataDir, region, indexVersion);
  const encoderSha256 = await writeTinyBundle(join(dir, 'bundle'), options);
  const seeds = options.seeds ?? Array.from({ length: 10 }, (_, k) => k);
  const tiles = seeds.flatMap((seed) => [tinyTile(seed), tinyTile(seed, 4)]);
  const descriptors = Float32Array.from(seeds.flatMap((seed) => twoDescriptors(seed)));
  const bundle = { name: 'tiny', version: options.version ?? '1', encoderSha256 };
  await publishTiles(dataDir, region, {
    indexVersion,
    tiles,
    descriptors,
    bundle,
    recallAt10: options.recallAt10 ?? 1,
  });
  return dir;
}

const FIRST_VERSION = '20260101T000000Z-00000001';

function versionFolder(dataDir: string, region: string, indexVersion = FIRST_VERSION): string {
  return join(dataDir, 'regions', region, 'versions', indexVersion);
}

/** Where the bundle of a version has to be when its tiles are published. */
export function versionBundleDir(dataDir: string, region: string, indexVersion?: string): string {
  return join(versionFolder(dataDir, region, indexVersion), 'bundle');
}

export interface TilesToPublish {
  readonly indexVersion?: string;
  readonly tiles: readonly Tile[];
  /** [tiles, D], unit length. */
  readonly descriptors: Float32Array;
  readonly bundle: { readonly name: string; readonly version: string; readonly encoderSha256: string };
  readonly recallAt10?: number;
}

/** Writes the index of a version whose bundle is there, and makes it current. */
export async function publishTiles(dataDir: string, region: string, given: TilesToPublish): Promise<void> {
  const { indexVersion = FIRST_VERSION, tiles, bundle, recallAt10 = 1 } = given;
  const dir = versionFolder(dataDir, region, indexVersion);
  const dimensions = given.descriptors.length / tiles.length;
  const descriptors: Descriptors = { count: tiles.length, dimensions, data: given.descriptors };
  const graph = { m: 8, efConstruction: 50, seed: 1 };
  await buildHnswGraph(descriptors, graph, join(dir, 'graph.hnsw'));
  await writeFile(join(dir, 'descriptors.f32'), formatDescriptors(descriptors));
  await writeFile(join(dir, 'catalogue.csv'), formatCatalogue(tiles));
  const files: Record<string, FileChecksum> = {};
  for (const name of ['graph.hnsw', 'descriptors.f32', 'catalogue.csv']) {
    const { size } = await stat(join(dir, name));
    files[name] = { sha256: await sha256OfFile(join(dir, name)), bytes: size };
  }
  const lons = tiles.map((tile) => tile.lon);
  const lats = tiles.map((tile) => tile.lat);
  const manifest = {
    schema: INDEX_SCHEMA,
    version: indexVersion,
    createdAt: '2026-01-01T00:00:00.000Z',
    bundle,
    count: tiles.length,
    dimensions,
    graph: { kind: 'hnsw', ...graph, efSearch: 50 },
    tiles: { sizeM: tiles[0]?.sizeM, strideM: null, source: 'test' },
    bounds: [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)],
    recall: { at1: 1, at10: recallAt10, queries: 20 },
    files,
  };
  await writeFile(join(dir, 'index.json'), JSON.stringify(manifest));
  await setCurrent(dataDir, region, indexVersion);
}

/** Points a region at one of its versions. */
export async function setCurrent(dataDir: string, region: string, version: string): Promise<void> {
  const pointer = { schema: POINTER_SCHEMA, version, publishedAt: '2026-01-01T00:00:00.000Z', history: [] };
  await writeFile(join(dataDir, 'regions', region, 'current.json'), JSON.stringify(pointer));
}

/** The place's own descriptor, and one turned away from it by about a quarter. */
function twoDescriptors(seed: number): number[] {
  const own = descriptorByHand(noisePanorama(seed));
  const other = descriptorByHand(noisePanorama(seed + 1000));
  const mixed = own.map((value, k) => value + 0.25 * (other[k] ?? 0));
  const length = Math.hypot(...mixed);
  return [...own, ...mixed.map((value) => value / length)];
}

/** A temporary folder that is removed after `use`. */
export async function withTemporaryFolder<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'skyfix-test-'));
  try {
    return await use(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
