// A bundle's networks as one graph: pixels of a BEV in, the descriptors of all looks out, nothing copied or converted in between.
// It is made of the bundle's own files when they are loaded, so every bundle has it that can have it.
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Bundle, type BundleManifest, MOST_AT_ONCE, viewSizePx } from '../bundles/index.js';
import { sha256OfBytes, sha256OfFile, userCacheFolder, writeFileAtomic } from '../files/index.js';
import { chained, DATA_TYPES, OnnxGraph, readOnnx } from '../onnx/index.js';
import { type LookCorner, lookCorners } from './looks.js';

/** Larger networks are not held in memory twice: what is saved is a few milliseconds of many. */
const MOST_BYTES = 64 * 2 ** 20;
/** What no process opened for so long was of a bundle that is no more. */
const UNUSED_MS = 30 * 24 * 60 * 60 * 1000;
/** Of what wholeGraph makes: raised with every change of it, so that no graph of another form is taken for one of this. */
const FORM = 1;
/** The operators used here are the same since this operator set. */
const LEAST_OPSET = 13;

/** The second output of the one graph. It lies on the way to the first: whoever wants both has nothing more computed. */
const VIEW = 'view';

/** Which of a view's looks a graph describes: part `index` of `of`, as sharesOf has them. */
export interface Share {
  readonly index: number;
  readonly of: number;
}
const ALL: Share = { index: 0, of: 1 };

/** How many of `looks` looks each of so many shares has; the first ones have those of lookCorners that come first. */
export function sharesOf(looks: number, of: number): readonly number[] {
  const end = (index: number) => Math.floor((index * looks) / of);
  return Array.from({ length: of }, (_, index) => end(index + 1) - end(index));
}

/**
 * The one graph of a bundle's networks: "bev" uint8 [N, V, V, 3], unseen pixels black, to "descriptor" [N * looks, D], those of
 * a view behind each other as Describer.look has them before it sorts dense ones, and to "view" [N, 3, V, V] in [0, 1], as
 * Describer.views has it. Of crops it may describe a share. Throws Error, saying why, where the files cannot be joined.
 */
export function wholeGraph(
  generator: Uint8Array | undefined,
  encoder: Uint8Array,
  { geometry, descriptor, looks }: Pick<BundleManifest, 'geometry' | 'descriptor' | 'looks'>,
  share = ALL,
): Uint8Array {
  const { opset } = readOnnx(encoder);
  if (opset < LEAST_OPSET) throw new Error(`the encoder is of operator set ${opset}`);
  const crop = (graph: OnnxGraph, view: string): string =>
    looks === 'dense' ? view : addCrops(graph, view, shareOf(lookCorners(geometry), share), geometry);
  const view = viewSizePx(geometry);
  const pixels = new OnnxGraph('pixels');
  const bev = pixels.input('bev', ['N', view, view, 3], DATA_TYPES.UINT8);
  const planes = pixels.node('Transpose', [pixels.node('Cast', [bev], { to: DATA_TYPES.FLOAT })], {
    perm: [0, 3, 1, 2],
  });
  const scalar = (graph: OnnxGraph, name: string, value: number) =>
    graph.constant(name, [], Float32Array.of(value));
  // Halves of whole numbers up to 255: a bfloat16 holds each, so that only the product is rounded, as it is on its way in.
  const levels = generator ? pixels.node('Sub', [planes, scalar(pixels, 'middle', 127.5)]) : planes;
  const factor = scalar(pixels, 'level', (generator ? 2 : 1) / 255);
  const scaled = pixels.node('Mul', [levels, factor], {}, generator ? 'signed' : VIEW);
  const firstShape = ['N', 3, view, view];
  const outputShape = ['rows', descriptor.dimensions];
  if (!generator) {
    pixels.output(crop(pixels, scaled), firstShape);
    const kept = { network: 0, name: VIEW, shape: firstShape };
    return chained([pixels.encode(opset), encoder], outputShape, kept);
  }
  pixels.output(scaled, firstShape);
  const unit = new OnnxGraph('unit');
  const half = scalar(unit, 'half', 0.5);
  const signed = unit.input('generated', firstShape);
  const shifted = unit.node('Add', [unit.node('Mul', [signed, half]), half]);
  const clipped = unit.node('Clip', [shifted, scalar(unit, 'zero', 0), scalar(unit, 'one', 1)], {}, VIEW);
  unit.output(crop(unit, clipped), ['looks', 3, geometry.inputSizePx, geometry.inputSizePx]);
  const models = [pixels.encode(opset), generator, unit.encode(opset), encoder];
  return chained(models, outputShape, { network: 2, name: VIEW, shape: firstShape });
}

function shareOf<T>(all: readonly T[], { index, of }: Share): readonly T[] {
  const counts = sharesOf(all.length, of);
  const first = counts.slice(0, index).reduce((sum, count) => sum + count, 0);
  return all.slice(first, first + (counts[index] ?? 0));
}

/** Squares of a view [N, 3, V, V]: [N * n, 3, S, S], the n of the first view first. */
function addCrops(
  graph: OnnxGraph,
  view: string,
  corners: readonly LookCorner[],
  { inputSizePx: sizePx, searchMarginPx = 0 }: BundleManifest['geometry'],
): string {
  if (searchMarginPx === 0) return view;
  const axes = graph.integers('sides', [2, 3]);
  const look = graph.integers('look', [1]);
  const squares = corners.map(({ topPx, leftPx }, k) => {
    const starts = graph.integers(`starts${k}`, [topPx, leftPx]);
    const ends = graph.integers(`ends${k}`, [topPx + sizePx, leftPx + sizePx]);
    return graph.node('Unsqueeze', [graph.node('Slice', [view, starts, ends, axes]), look]);
  });
  const all = graph.node('Concat', squares, { axis: 1 });
  return graph.node('Reshape', [all, graph.integers('squares', [-1, 3, sizePx, sizePx])]);
}

type Joinable = Pick<Bundle, 'manifest' | 'generatorPath' | 'encoderPath'>;

/**
 * The file of a bundle's one graph, in `folder`, made once for all bundles of these networks; engines and what they keep know it
 * by its content. Undefined for networks that are large, take one image at a time or cannot be joined, and where the folder
 * cannot be written.
 */
export async function wholeNetworkFile(
  bundle: Joinable,
  folder = join(userCacheFolder(), 'joined'),
  share = ALL,
): Promise<string | undefined> {
  const { manifest, generatorPath, encoderPath } = bundle;
  const { geometry, looks, oneAtATime = [] } = manifest;
  const atOnce = looks === 'dense' ? 1 : lookCorners(geometry).length;
  if (oneAtATime.length > 0 || atOnce > MOST_AT_ONCE) return undefined;
  try {
    const paths = generatorPath === undefined ? [encoderPath] : [generatorPath, encoderPath];
    const sizes = await Promise.all(paths.map((path) => stat(path)));
    if (sizes.reduce((sum, { size }) => sum + size, 0) > MOST_BYTES) return undefined;
    const made = await madeOf(bundle, share);
    const kept = await keptWhole(folder, made);
    if (kept !== undefined) return kept;
    const generator = generatorPath === undefined ? undefined : await readFile(generatorPath);
    const graph = wholeGraph(generator, await readFile(encoderPath), manifest, share);
    const path = join(folder, fileName(made, sha256OfBytes(graph)));
    await writeFileAtomic(path, graph);
    await keepOnlyUsed(folder, path);
    return path;
  } catch {
    // The two networks say what is wrong with them, where anything is.
    return undefined;
  }
}

/** Says of what the graph is made, and what the file must hold. */
const fileName = (made: string, sha256: string | undefined): string => `${made}-${sha256}.onnx`;

/** A name for everything that the graph depends on. The files are those that the manifest has the checksums of. */
async function madeOf(
  { manifest, generatorPath, encoderPath }: Joinable,
  { index, of }: Share,
): Promise<string> {
  const { files, geometry, descriptor, looks = 'crops' } = manifest;
  const checksum = async (path: string) => files[basename(path)]?.sha256 ?? (await sha256OfFile(path));
  const { inputSizePx, searchMarginPx = 0, searchStepPx = 0 } = geometry;
  const sizes = [inputSizePx, searchMarginPx, searchStepPx, descriptor.dimensions];
  const first = generatorPath === undefined ? 'none' : await checksum(generatorPath);
  const part = of === 1 ? [] : [index, of];
  return sha256OfBytes(JSON.stringify([FORM, first, await checksum(encoderPath), looks, ...sizes, ...part]));
}

/** What was made of these before, where it is whole. */
async function keptWhole(folder: string, made: string): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((each) => each.startsWith(made))) {
    const path = join(folder, name);
    if (name !== fileName(made, await sha256OfFile(path).catch(() => undefined))) continue;
    // A folder that cannot be written can be read all the same.
    await keepOnlyUsed(folder, path).catch(() => {});
    return path;
  }
  return undefined;
}

/** Marks a file as used and removes those that were not for long. */
async function keepOnlyUsed(folder: string, path: string): Promise<void> {
  const now = Date.now();
  await utimes(path, now / 1000, now / 1000);
  for (const name of await readdir(folder)) {
    const other = join(folder, name);
    const used = await stat(other).catch(() => undefined);
    if (used && now - used.mtimeMs > UNUSED_MS) await rm(other, { force: true });
  }
}
