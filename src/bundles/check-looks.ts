// Dense looks held against crops: what an encoder says of each square of a view, in one run over the whole view, must be
// what it says of that square cut out, in the order in which the looks are read.
import type { Tensor } from '../engines/index.js';
import { messageOf, SkyfixError } from '../errors/index.js';
import { cropSquares } from '../imaging/index.js';
import {
  BATCH_TOLERANCE,
  type DenseLooks,
  MOST_AT_ONCE,
  MOST_VIEWS_AT_ONCE,
  type NetworkContract,
} from './contract.js';
import { type ProbeImage, patchwork } from './probe-images.js';
import type { Invalid } from './signature.js';

/** Runs images of a size at once. */
type Run = (images: readonly ProbeImage[], sizePx: number) => Promise<Tensor>;

export interface LooksCheck {
  readonly contract: NetworkContract;
  readonly dense: DenseLooks;
  readonly run: Run;
  readonly batch: 'free' | 1;
  readonly invalid: Invalid;
}

/**
 * Tries whole views, alone and in a batch, and the squares cut out of one. Returns how like looks are to crops, as a mean
 * cosine: under 1, since a look feels what lies beside its square. Throws NETWORK_INVALID where a view does not give n * n
 * descriptors of unit length, where a look is nearer to another place's crop than to its own, or where batches change looks.
 */
export async function checkLooks(check: LooksCheck): Promise<number> {
  const { contract, dense, batch, invalid } = check;
  const { viewPx, stepPx } = dense;
  const views = [0, contract.sizePx].map((blackPx, k) => patchwork(viewPx, stepPx, 201 + k, blackPx));
  const alone: Float32Array[][] = [];
  for (const view of views) {
    const looks = await looksOf([view], check);
    for (const [place, look] of looks.entries()) {
      const fault = contract.fault(look);
      if (fault) throw invalid(`the ${contract.output} of ${nameOf(place, dense)} of ${view.name} ${fault}`);
    }
    alone.push(looks);
  }
  if (batch === 'free') {
    const numbers = Array.from({ length: MOST_VIEWS_AT_ONCE }, (_, k) => k % views.length);
    const together = await looksOf(
      numbers.flatMap((k) => views[k] ?? []),
      check,
    );
    const expected = numbers.flatMap((k) => alone[k] ?? []);
    const worst = Math.max(...together.map((look, k) => mostApart(look, expected[k])));
    if (!(worst <= BATCH_TOLERANCE)) {
      throw invalid(
        `the looks at ${numbers.length} views at once differ by ${worst} from those at each alone`,
      );
    }
  }
  const [[view], [looks]] = [views, alone];
  return view && looks ? checkOrder(looks, await cropsOf(view, check), check) : 1;
}

/** Descriptors [views * n * n][D] of whole views. */
async function looksOf(
  views: readonly ProbeImage[],
  { contract, dense, run, invalid }: LooksCheck,
): Promise<Float32Array[]> {
  const { viewPx, perSide, stepPx } = dense;
  const result = await run(views, viewPx).catch((error: unknown) => {
    const what = error instanceof SkyfixError ? error.detail : messageOf(error);
    throw invalid(`${what.replace(/\.$/, '')}, given ${views.length} of the views of ${viewPx} px`);
  });
  const wanted = [views.length * perSide * perSide, ...contract.outputShape];
  if (result.shape.join() !== wanted.join()) {
    throw invalid(
      `${contract.output} of ${views.length} views of ${viewPx} px has shape [${result.shape.join(', ')}], expected ` +
        `[${wanted.join(', ')}]: ${perSide} x ${perSide} looks, ${stepPx} px (searchStepPx) apart`,
    );
  }
  return rowsOf(result);
}

/** Descriptors of the squares of a view, cut out, row by row from the north-west. */
async function cropsOf(
  view: ProbeImage,
  { contract, dense, run, batch }: LooksCheck,
): Promise<Float32Array[]> {
  const { viewPx, perSide, stepPx } = dense;
  const { sizePx } = contract;
  const corners = Array.from({ length: perSide * perSide }, (_, k) => ({
    leftPx: (k % perSide) * stepPx,
    topPx: Math.floor(k / perSide) * stepPx,
  }));
  const { data } = cropSquares({ data: view.data, shape: [1, 3, viewPx, viewPx] }, corners, sizePx);
  const each = 3 * sizePx * sizePx;
  const crops = corners.map((_, k) => ({ ...view, data: data.subarray(k * each, (k + 1) * each) }));
  const atOnce = batch === 'free' ? MOST_AT_ONCE : 1;
  const rows: Float32Array[] = [];
  for (let first = 0; first < crops.length; first += atOnce) {
    rows.push(...rowsOf(await run(crops.slice(first, first + atOnce), sizePx)));
  }
  return rows;
}

/** Each look must be nearest to the crop of its own place; returns the mean cosine to it. */
function checkOrder(
  looks: readonly Float32Array[],
  crops: readonly Float32Array[],
  { dense, invalid }: LooksCheck,
): number {
  const nearest = looks.map((look) => {
    const cosines = crops.map((crop) => dot(look, crop));
    return cosines.indexOf(Math.max(...cosines));
  });
  const wrong = nearest.flatMap((found, place) => (found === place ? [] : [place]));
  const [first] = wrong;
  if (first !== undefined) {
    throw invalid(
      `${nameOf(first, dense)} (row ${first + 1} of its ${looks.length}) is nearest to the crop at the place of ` +
        `${nameOf(nearest[first] ?? 0, dense)}, and ${wrong.length} of ${looks.length} looks to another's: they must ` +
        'come row by row from the north-west, each what the encoder says of its square cut out',
    );
  }
  return looks.reduce((sum, look, k) => sum + dot(look, crops[k] ?? look), 0) / looks.length;
}

const nameOf = (place: number, { perSide }: DenseLooks) =>
  `the look in column ${(place % perSide) + 1} of row ${Math.floor(place / perSide) + 1} from the north-west`;

function rowsOf({ data, shape: [count = 0, length = 0] }: Tensor): Float32Array[] {
  return Array.from({ length: count }, (_, k) => data.subarray(k * length, (k + 1) * length));
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0);

const mostApart = (a: Float32Array, b: Float32Array = a) =>
  a.reduce((most, value, k) => Math.max(most, Math.abs(value - (b[k] ?? Number.NaN))), 0);
