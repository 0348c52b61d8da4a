// What a network in 8 bits does to descriptors, measured while it is made: on some of the calibration's own pictures.
import { type BundleManifest, type NetworkFile, viewSizePx } from 'skyfix/bundles';
import { lookCorners } from 'skyfix/describe';
import type { Tensor } from 'skyfix/engines';
import { cropSquares, rgbToNchw, signedToUnit } from 'skyfix/imaging';
import { openSession, runSession, type Score } from '../quantisation/index.js';
import { type ImageStore, imageOfStore } from '../stores/index.js';
import { evenlyOf, type QuantisationPictures } from './quantisation-pictures.js';

/** Views that are looked at for a score. */
const SCORED_VIEWS = 12;
/** Looks of a view that are calibrated with, where each goes through the encoder on its own. */
const LOOKS_OF_VIEW = 3;

type Session = Awaited<ReturnType<typeof openSession>>;
type Calibration = QuantisationPictures['calibration'];
type Manifest = Pick<BundleManifest, 'geometry' | 'looks'>;

export interface Scores {
  readonly generator?: Session;
  /** Mean cosine of descriptors where one network is another. */
  readonly of: (file: NetworkFile) => Score;
  close(): Promise<void>;
}

/** Opens a bundle's own networks and describes some views with them. */
export async function openScores(
  networks: Readonly<Record<'encoder.onnx', Uint8Array>> &
    Readonly<Partial<Record<NetworkFile, Uint8Array | undefined>>>,
  manifest: Manifest,
  { ground }: Calibration,
  threads: number,
): Promise<Scores> {
  const encoder = await openSession(networks['encoder.onnx'], threads);
  const ofGenerator = networks['generator.onnx'];
  const generator = ofGenerator && (await openSession(ofGenerator, threads));
  const bevs = tensorsOf(evenlyOf(ground, SCORED_VIEWS), generator ? 'signed' : 'unit');
  const looksAt = (view: Tensor) => looksOf(view, manifest);
  const views = await viewsOf(bevs, generator);
  const truth = await describeAll(encoder, views.flatMap(looksAt));
  const withSession = async (
    model: Uint8Array,
    describe: (session: Session) => Promise<readonly Float32Array[]>,
  ) => {
    const session = await openSession(model, threads);
    try {
      return meanCosine(truth, await describe(session));
    } finally {
      await session.release();
    }
  };
  const scores: Record<NetworkFile, Score> = {
    'encoder.onnx': (model) => withSession(model, (session) => describeAll(session, views.flatMap(looksAt))),
    'generator.onnx': (model) =>
      withSession(model, async (session) =>
        describeAll(encoder, (await viewsOf(bevs, session)).flatMap(looksAt)),
      ),
  };
  return {
    ...(generator && { generator }),
    of: (file) => scores[file],
    close: async () => {
      await encoder.release();
      await generator?.release();
    },
  };
}

/** What a network is shown: the generator BEVs, the encoder views and tiles. */
export async function calibrationOf(
  file: NetworkFile,
  { generator }: Pick<Scores, 'generator'>,
  { ground, tiles }: Calibration,
  manifest: Manifest,
): Promise<readonly Tensor[]> {
  const bevs = tensorsOf(ground, generator ? 'signed' : 'unit');
  if (file === 'generator.onnx') return bevs;
  const views = await viewsOf(bevs, generator);
  return [...views.flatMap((view) => looksOf(view, manifest)), ...tensorsOf(tiles, 'unit')];
}

function tensorsOf(store: ImageStore, range: 'signed' | 'unit'): Tensor[] {
  return Array.from({ length: store.count }, (_, k) => rgbToNchw(imageOfStore(store, k), undefined, range));
}

/** Views in [0, 1]: generated where there is a generator, else what they are. */
async function viewsOf(bevs: readonly Tensor[], generator: Session | undefined): Promise<readonly Tensor[]> {
  if (!generator) return bevs;
  const views: Tensor[] = [];
  for (const bev of bevs) views.push(signedToUnit(await firstOutput(generator, bev)));
  return views;
}

/** A view as the encoder is given it: whole where looks are dense, else some of its looks cut out, the middle first. */
function looksOf(view: Tensor, { geometry, looks }: Manifest): readonly Tensor[] {
  if (looks === 'dense' || viewSizePx(geometry) === geometry.inputSizePx) return [view];
  const corners = lookCorners(geometry);
  const chosen = corners.filter((_, k) => k % Math.ceil(corners.length / LOOKS_OF_VIEW) === 0);
  return chosen.map((corner) => cropSquares(view, [corner], geometry.inputSizePx));
}

async function describeAll(session: Session, images: readonly Tensor[]): Promise<readonly Float32Array[]> {
  const rows: Float32Array[] = [];
  for (const image of images) {
    const { data, shape } = await firstOutput(session, image);
    const [, dimensions = data.length] = shape;
    for (let at = 0; at < data.length; at += dimensions) rows.push(data.subarray(at, at + dimensions));
  }
  return rows;
}

async function firstOutput(session: Session, input: Tensor): Promise<Tensor> {
  const output = (await runSession(session, input))[session.outputNames[0] ?? ''];
  if (!(output?.data instanceof Float32Array)) throw new Error('the network gives no float32');
  return { data: output.data, shape: output.dims };
}

function meanCosine(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  return a.reduce((sum, row, k) => sum + cosineOf(row, b[k] as Float32Array), 0) / a.length;
}

/** Of vectors of whatever length. */
export function cosineOf(a: Float32Array, b: Float32Array): number {
  let [product, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    product += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return product / Math.sqrt(ofA * ofB);
}
