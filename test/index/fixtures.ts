// A small bundle with a real encoder graph, a small picture to cut tiles from, and a folder that goes away.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { writeArrayBuffer } from 'geotiff';
import { BUNDLE_SCHEMA } from '../../src/bundles/index.js';
import { sha256OfBytes, sha256OfFile } from '../../src/files/index.js';
import { OnnxGraph } from '../../src/onnx/index.js';
import { seededRandom } from '../../src/random/index.js';

export const INPUT_PX = 16;
export const DIMENSIONS = 24;

/** A folder for this test file, removed at its end. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'skyfix-index-'));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A random projection of the pixels, scaled to unit length: descriptors as a real encoder's, in 1 kB of graph. */
export async function writeTinyBundle(dir: string, seed: number): Promise<void> {
  const inputs = 3 * INPUT_PX * INPUT_PX;
  const random = seededRandom(seed);
  const graph = new OnnxGraph('tiny-encoder');
  const image = graph.input('image', ['N', 3, INPUT_PX, INPUT_PX]);
  const flat = graph.node('Reshape', [image, graph.integers('flat', [-1, inputs])]);
  const weights = Float32Array.from({ length: inputs * DIMENSIONS }, () => random() - 0.5);
  const product = graph.node('MatMul', [flat, graph.constant('weights', [inputs, DIMENSIONS], weights)]);
  const length = graph.node('ReduceL2', [product], { axes: [1], keepdims: 1 });
  graph.output(graph.node('Div', [product, length], {}, 'descriptor'), ['N', DIMENSIONS]);
  const bytes = graph.encode();
  const manifest = {
    schema: BUNDLE_SCHEMA,
    name: 'tiny',
    version: String(seed),
    createdAt: '2026-01-01T00:00:00.000Z',
    profile: 'tiny',
    geometry: { tileSizeM: 20, inputSizePx: INPUT_PX, bevSizePx: INPUT_PX, cameraHeightM: 1.5 },
    preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
    descriptor: { dimensions: DIMENSIONS },
    training: {},
    metrics: {},
    files: { 'encoder.onnx': { sha256: sha256OfBytes(bytes), bytes: bytes.length } },
  };
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'encoder.onnx'), bytes);
  await writeFile(join(dir, 'bundle.json'), JSON.stringify(manifest));
}

/** 200 m x 150 m of coloured noise at 0.5 m a pixel, in UTM zone 32; `change` sees the pixels, three bytes each. */
export async function writeMosaic(
  path: string,
  seed = 1,
  { width = 400, change }: { readonly width?: number; readonly change?: (data: Uint8Array) => void } = {},
): Promise<void> {
  const random = seededRandom(seed);
  const height = 300;
  const cells = Float64Array.from({ length: 3 * 60 * 60 }, () => 255 * random());
  const data = new Uint8Array(width * height * 3);
  for (let y = 0, k = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++, k++) data[k] = cells[((y >> 3) * 60 + (x >> 3)) * 3 + c] as number;
    }
  }
  change?.(data);
  const bytes = await writeArrayBuffer(data, {
    width,
    height,
    SamplesPerPixel: 3,
    BitsPerSample: [8, 8, 8],
    PhotometricInterpretation: 2,
    PlanarConfiguration: 1,
    ModelPixelScale: [0.5, 0.5, 0],
    ModelTiepoint: [0, 0, 0, 500000, 5500000, 0],
    GTModelTypeGeoKey: 1,
    GTRasterTypeGeoKey: 1,
    ProjectedCSTypeGeoKey: 32632,
  });
  await writeFile(path, new Uint8Array(bytes as ArrayBuffer));
}

/** The checksums of all files of a folder, by their paths in it. */
export async function sums(dir: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found[path.slice(dir.length + 1)] = await sha256OfFile(path);
  }
  return found;
}

/** A change of a mosaic, see writeMosaic: pixels 250 to 269 of rows 100 to 119: 10 m by 10 m. */
export const patch = (data: Uint8Array) => {
  for (let y = 100; y < 120; y++) data.fill(7 * y, (y * 400 + 250) * 3, (y * 400 + 270) * 3);
};
