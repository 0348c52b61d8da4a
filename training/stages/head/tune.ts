// Steps of descent from a head that was fitted: headings known, known to within 45 degrees and unknown are learned together, with
// turned copies of the same view as negatives, and views that show a sector alone. The head is held near the fit: what it knows
// of the world is the trunk's, and what it can learn of a few kinds of places costs elsewhere.
import type { Scalar, Tensor, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import { distanceM, turnBetweenDeg } from 'skyfix/geometry';
import { makeRng, type Rng, shuffled } from 'skyfix/random';
import { turnedContrast } from '../../losses/index.js';
import { Adam, GRID_STRIDE_PX, type TrainableHead, valueAndFlatGrads } from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import { assertFinite, type StageHooks, trainSteps } from '../common/loop.js';
import { cosineDecay } from '../common/schedule.js';
import { type FeaturePairs, readWindows, type TurnedViews, type Windows } from './feature-pairs.js';
import { type Sector, sectorShares, UNTURNED, type WindowTurn } from './sectors.js';
import { seenTensor, tensorOf } from './statistics.js';

export interface TuneOptions {
  readonly steps: number;
  /** Views in a batch, each with all of its turned copies. */
  readonly batch: number;
  /** At its highest; it rises over a twentieth of the steps and falls along a cosine. */
  readonly learningRate: number;
  /** Factor on the cosines. */
  readonly scale: number;
  readonly labelSmoothing: number;
  /** Share of views that show a sector of 180 or 90 degrees. */
  readonly narrowShare: number;
  /** Weight of the squared distance from the fit, in shares of each array's squared length. */
  readonly hold: number;
  /** Tiles of pairs nearer than this are no negatives of each other. */
  readonly samePlaceM: number;
  readonly seed: number;
}

/** Tiles beside those of a batch's own views, for each of them. */
const FURTHER_TILES = 3;
/** What a heading that is told to within 45 degrees leaves possible. */
const ABOUT_DEG = 45;
/** Streams of the seed, one a step. */
const TUNE_STREAM = 80_000_000;

type Turned = FeaturePairs & Required<Pick<FeaturePairs, 'turned'>>;

/** One step's views, as numbers: all a function of the seed and the step. */
export interface TuneBatch {
  readonly area: Turned;
  /** Pairs: the views' own first, then those whose tiles are negatives alone. */
  readonly rows: readonly number[];
  /** Of each view what it sees, and whether it is the one that lies nearly as its ground. */
  readonly views: readonly { readonly sector: Sector; readonly isNear: boolean }[];
}

/**
 * Tunes a head where it stands. Areas without turned copies are left out. Throws RangeError where none has any,
 * TRAINING_DIVERGED, RunStopped.
 */
export async function tuneHead(
  head: TrainableHead,
  areas: readonly FeaturePairs[],
  options: TuneOptions,
  hooks: StageHooks,
): Promise<void> {
  const turned = areas.filter((area): area is Turned => area.turned !== undefined);
  if (turned.length === 0) throw new RangeError('No area has turned copies of its views.');
  const start = head.params.toArrays();
  const adam = new Adam(head.params);
  const held = new Map(
    Object.entries(start).map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
  );
  const parts = { head: head.params, adam };
  const { steps, learningRate } = options;
  try {
    await trainSteps({
      steps,
      parts,
      hooks,
      step: async (index) => {
        const batch = drawBatch(turned, options, makeRng(options.seed, TUNE_STREAM + index));
        const { loss, aux, grads } = valueAndFlatGrads(
          () => lossOf(head, batch, held, options),
          [head.params],
        );
        const values = await Promise.all(
          Object.entries({ loss, ...aux }).map(
            async ([name, value]) => [name, (await value.data())[0] as number] as const,
          ),
        );
        const losses = Object.fromEntries(values);
        assertFinite('encoder', index, losses, { area: batch.area.name, rows: batch.rows });
        const [gradient] = grads;
        if (gradient) adam.step(gradient, cosineDecay(index, steps, learningRate, Math.ceil(steps / 20)), 1);
        tf.dispose([loss, ...grads, ...Object.values(aux)]);
        return losses;
      },
    });
  } finally {
    adam.dispose();
    tf.dispose([...held.values()]);
  }
}

/** An area, each as likely; pairs of it; and what each view sees. */
export function drawBatch(
  areas: readonly Turned[],
  { batch, narrowShare }: TuneOptions,
  rng: Rng,
): TuneBatch {
  const area = rng.pick(areas);
  const { tileOf } = area.copies[0];
  const rows = shuffled(tileOf.length, rng).slice(0, batch * (1 + FURTHER_TILES));
  const views = rows.slice(0, batch).map(() => {
    const narrow = rng.chance(narrowShare);
    const widthDeg = !narrow ? 360 : rng.chance(0.5) ? 180 : 90;
    return { sector: { fromDeg: rng.range(0, 360), widthDeg }, isNear: rng.chance(0.5) };
  });
  return { area, rows, views };
}

/** A batch's views, straight and under false headings, and its tiles, as the head takes them. */
export interface TuneWindows {
  readonly views: Windows;
  /** One a false heading. */
  readonly turned: readonly Windows[];
  /** Degrees clockwise of each of them, of each view. */
  readonly turnsDeg: readonly (readonly number[])[];
  readonly tiles: Windows;
}

/** Reads a batch; views, and their turned copies with them, see their sectors alone. */
export function readBatch({ area, rows, views }: TuneBatch, cells: number): TuneWindows {
  const [{ views: straight, tiles, tileOf }] = area.copies;
  const { near, false: turned } = area.turned;
  const own = rows.slice(0, views.length);
  const turnOf = ({ turns }: TurnedViews, k: number): WindowTurn => turns[own[k] ?? 0] ?? UNTURNED;
  const seen = (windows: Windows, turnAt: (k: number) => WindowTurn): Windows => {
    const shares = views.flatMap(({ sector }, k) => Array.from(sectorShares(cells, sector, turnAt(k))));
    return { ...windows, seen: windows.seen.map((share, cell) => share * (shares[cell] ?? 1)) };
  };
  const [aligned, nearly] = [readWindows(straight, own, cells), readWindows(near.views, own, cells)];
  const mixed = mixedWindows(views.map(({ isNear }) => (isNear ? nearly : aligned)));
  return {
    views: seen(mixed, (k) => (views[k]?.isNear ? turnOf(near, k) : UNTURNED)),
    turned: turned.map((copy) => seen(readWindows(copy.views, own, cells), (k) => turnOf(copy, k))),
    turnsDeg: own.map((_, k) => turned.map((copy) => turnOf(copy, k).turnDeg)),
    tiles: readWindows(
      tiles,
      rows.map((row) => tileOf[row] as number),
      cells,
    ),
  };
}

/** Window k of the k-th of some windows of one shape. */
function mixedWindows(of: readonly Windows[]): Windows {
  const [first] = of;
  if (!first) throw new RangeError('A batch has no view.');
  const window = first.cells * first.cells;
  const features = new Float32Array(of.length * window * first.channels);
  const seen = new Float32Array(of.length * window);
  of.forEach((windows, k) => {
    const [from, to] = [k * window, (k + 1) * window];
    seen.set(windows.seen.subarray(from, to), from);
    features.set(
      windows.features.subarray(from * first.channels, to * first.channels),
      from * first.channels,
    );
  });
  return { ...first, count: of.length, features, seen };
}

function lossOf(
  head: TrainableHead,
  batch: TuneBatch,
  held: ReadonlyMap<string, Tensor>,
  { scale, labelSmoothing, hold, samePlaceM }: TuneOptions,
): { readonly loss: Scalar; readonly aux: Record<string, Scalar> } {
  const { views, turned, tiles, turnsDeg } = readBatch(batch, head.inputSize / GRID_STRIDE_PX);
  // All at once: the projection's inverse is found once a step.
  const all = [views, ...turned, tiles];
  const rows = head.describeFeatures(
    tf.concat(all.map(tensorOf)) as Tensor4D,
    tf.concat(all.map(seenTensor)) as Tensor4D,
  );
  const count = views.count;
  const [straight, falsely, others] = tf.split(rows, [count, turned.length * count, tiles.count]) as [
    Tensor2D,
    Tensor2D,
    Tensor2D,
  ];
  const byView = falsely.reshape([turned.length, count, -1]).transpose([1, 0, 2]) as Tensor3D; // [B, H, D]
  const contrast = turnedContrast(straight, byView, others, {
    scale,
    labelSmoothing,
    about: tf.tensor2d(
      turnsDeg.map((row) => row.map((deg) => (Math.abs(turnBetweenDeg(0, deg)) <= ABOUT_DEG ? 1 : 0))),
    ),
    exclude: tf.tensor2d(samePlaces(batch, samePlaceM)),
  });
  const moved = distanceFrom(held, head);
  return { loss: contrast.add(moved.mul(hold)) as Scalar, aux: { contrast, moved } };
}

/**
 * [views, tiles]: 1 where a tile may show the view's place: it is the view's own, for several views may have the same one, or
 * so near, where that is known.
 */
export function samePlaces(
  { area: { copies, locations }, rows, views }: TuneBatch,
  withinM: number,
): number[][] {
  const { tileOf } = copies[0];
  return rows.slice(0, views.length).map((row) =>
    rows.map((other) => {
      const [a, b] = [locations[row], locations[other]];
      const isNear = a !== undefined && b !== undefined && distanceM(a, b) < withinM;
      return isNear || tileOf[row] === tileOf[other] ? 1 : 0;
    }),
  );
}

/** The mean over the learned arrays of |now - then|^2 / |then|^2. */
function distanceFrom(held: ReadonlyMap<string, Tensor>, { params }: TrainableHead): Scalar {
  const shares = Array.from(held, ([name, then]) =>
    params.get(name).sub(then).square().sum().div(then.square().sum().add(1e-12)),
  );
  return tf.addN(shares).div(shares.length) as Scalar;
}
