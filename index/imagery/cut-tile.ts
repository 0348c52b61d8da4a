// A tile out of imagery: resampled to true north and true metres at its own centre, so that BEV and tile agree
// anywhere on Earth (web-mercator scale and grid convergence are gone).
import {
  bilinear,
  bilinearWeights,
  type LonLat,
  offsetLonLat,
  type RgbImage,
} from '../../src/geometry/index.js';
import type { ImageryBlock, ImageryLayer, ImagerySource } from './port/index.js';

/** Projections are smooth: they are computed at this many points a side and interpolated in between. */
const CONTROL_POINTS = 5;
/** A tile with a larger share of missing pixels is not a tile. */
export const MISSING_SHARE = 0.02;
/** Weights of bilinear samples sum up to 1 but for rounding. */
const WHOLE = 1 - 1e-9;

export interface CutTile {
  /** Null where more than 2 % of the tile has no imagery. */
  readonly image: RgbImage | null;
  /** Share of its pixels without imagery, 0 to 1. */
  readonly missingShare: number;
}

/**
 * Cuts the north-up tile of sizeM x sizeM metres around `centre` as sizePx x sizePx pixels: bilinear samples, averaged
 * over areas where the imagery is finer. Null where more than 2 % of it has no imagery.
 */
export async function cutTile(
  source: ImagerySource,
  centre: LonLat,
  sizeM: number,
  sizePx: number,
): Promise<RgbImage | null> {
  return (await cutTileOf(source, centre, sizeM, sizePx)).image;
}

/** The same, and how much of it has no imagery. */
export async function cutTileOf(
  source: ImagerySource,
  centre: LonLat,
  sizeM: number,
  sizePx: number,
): Promise<CutTile> {
  const placeAt = (s: number, t: number) => offsetLonLat(centre, (s - 0.5) * sizeM, (0.5 - t) * sizeM);
  const { image, shown } = await resampleSquare(source, { centre, reachM: sizeM, placeAt }, sizePx);
  const missing = shown.reduce((count, pixel) => (pixel === 0 ? count + 1 : count), 0);
  const missingShare = missing / (sizePx * sizePx);
  const whole = missing <= MISSING_SHARE * sizePx * sizePx;
  return { image: whole ? image : null, missingShare };
}

/** A square of ground in some projection. */
export interface GroundSquare {
  /** A place in it, and how far from there it reaches at most. */
  readonly centre: LonLat;
  readonly reachM: number;
  /** The place at s from the left (0 to 1) and t from the top. */
  placeAt(s: number, t: number): LonLat;
}

export interface Resampled {
  /** Black where there is no imagery. */
  readonly image: RgbImage;
  /** 0 or 1 a pixel. */
  readonly shown: Uint8Array;
}

/** The imagery of a square as sizePx x sizePx pixels: bilinear samples, averaged over areas where the imagery is finer. */
export async function resampleSquare(
  source: ImagerySource,
  square: GroundSquare,
  sizePx: number,
): Promise<Resampled> {
  const windows: SourceWindow[] = [];
  let samples = 1; // a pixel's side, in samples
  for (const layer of source.layersNear(square.centre, square.reachM)) {
    const control = controlPoints(layer, square);
    const window = await readWindow(layer, control);
    if (!window) continue;
    windows.push(window);
    const first = Math.hypot(at(control.xs, 1) - at(control.xs, 0), at(control.ys, 1) - at(control.ys, 0));
    const sourcePx = first * (CONTROL_POINTS - 1); // source pixels along one side
    samples = Math.max(samples, Math.round(sourcePx / sizePx));
  }
  const data = new Uint8Array(sizePx * sizePx * 3);
  const shown = new Uint8Array(sizePx * sizePx);
  const image = { widthPx: sizePx, heightPx: sizePx, data };
  if (windows.length === 0) return { image, shown };
  const total = sizePx * samples;
  const sum = new Float64Array(3);
  for (let i = 0; i < sizePx; i++) {
    for (let j = 0; j < sizePx; j++) {
      sum.fill(0);
      let weight = 0;
      for (let si = 0; si < samples; si++) {
        for (let sj = 0; sj < samples; sj++) {
          const s = (j * samples + sj + 0.5) / total;
          const t = (i * samples + si + 0.5) / total;
          weight += sampleOf(windows, s, t, sum);
        }
      }
      if (weight === 0) continue;
      shown[i * sizePx + j] = 1;
      for (let c = 0; c < 3; c++) data[(i * sizePx + j) * 3 + c] = Math.round((sum[c] as number) / weight);
    }
  }
  return { image, shown };
}

/** The first picture that has imagery there; at its border the next one fills up what is missing of the sample. */
function sampleOf(windows: readonly SourceWindow[], s: number, t: number, sum: Float64Array): number {
  let weight = 0;
  for (const window of windows) {
    const { xs, ys } = window.control;
    weight += addSample(window, interpolate(xs, s, t), interpolate(ys, s, t), sum);
    if (weight >= WHOLE) return weight;
  }
  return weight;
}

const at = (values: Float64Array, k: number) => values[k] as number;

interface Control {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
}

/** Source pixel coordinates on a grid over the square, rows from top to bottom. */
function controlPoints(layer: ImageryLayer, { placeAt }: GroundSquare): Control {
  const xs = new Float64Array(CONTROL_POINTS * CONTROL_POINTS);
  const ys = new Float64Array(CONTROL_POINTS * CONTROL_POINTS);
  for (let i = 0; i < CONTROL_POINTS; i++) {
    for (let j = 0; j < CONTROL_POINTS; j++) {
      const [x, y] = layer.toPixel(placeAt(j / (CONTROL_POINTS - 1), i / (CONTROL_POINTS - 1)));
      xs[i * CONTROL_POINTS + j] = x;
      ys[i * CONTROL_POINTS + j] = y;
    }
  }
  const { periodPx } = layer;
  if (periodPx !== undefined) {
    // A tile across the antimeridian is one piece: its points lie the short way from the first one.
    for (let k = 1; k < xs.length; k++) {
      xs[k] = at(xs, k) + Math.round((at(xs, 0) - at(xs, k)) / periodPx) * periodPx;
    }
  }
  return { xs, ys };
}

/** Bilinear interpolation of control values at s, t in [0, 1]. */
function interpolate(values: Float64Array, s: number, t: number): number {
  const cells = CONTROL_POINTS - 1;
  const j = Math.min(cells - 1, Math.floor(s * cells));
  const i = Math.min(cells - 1, Math.floor(t * cells));
  const at = (point: number): number => values[i * CONTROL_POINTS + j + point] as number;
  const below = CONTROL_POINTS;
  return bilinear(at(0), at(1), at(below), at(below + 1), s * cells - j, t * cells - i);
}

interface SourceWindow {
  readonly control: Control;
  readonly left: number;
  readonly top: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly data: Uint8Array;
  readonly valid: Uint8Array;
}

/** The pixels that the control points span, put together from blocks; null where none has imagery. */
async function readWindow(layer: ImageryLayer, control: Control): Promise<SourceWindow | null> {
  const { xs, ys } = control;
  const left = Math.floor(Math.min(...xs)) - 1;
  const top = Math.floor(Math.min(...ys)) - 1;
  const widthPx = Math.ceil(Math.max(...xs)) + 1 - left;
  const heightPx = Math.ceil(Math.max(...ys)) + 1 - top;
  const side = layer.blockPx;
  let window: SourceWindow | null = null;
  for (let by = Math.floor(top / side); by * side < top + heightPx; by++) {
    for (let bx = Math.floor(left / side); bx * side < left + widthPx; bx++) {
      const block = await layer.block(bx, by);
      if (!block) continue;
      window ??= {
        control,
        left,
        top,
        widthPx,
        heightPx,
        data: new Uint8Array(widthPx * heightPx * 3),
        valid: new Uint8Array(widthPx * heightPx),
      };
      copyBlock(block, bx * side, by * side, side, window);
    }
  }
  return window;
}

function copyBlock(block: ImageryBlock, x0: number, y0: number, side: number, window: SourceWindow): void {
  const fromX = Math.max(x0, window.left);
  const toX = Math.min(x0 + side, window.left + window.widthPx);
  const fromY = Math.max(y0, window.top);
  const toY = Math.min(y0 + side, window.top + window.heightPx);
  const width = toX - fromX;
  if (width <= 0) return;
  for (let y = fromY; y < toY; y++) {
    const source = (y - y0) * side + (fromX - x0);
    const target = (y - window.top) * window.widthPx + (fromX - window.left);
    window.data.set(block.image.data.subarray(source * 3, (source + width) * 3), target * 3);
    if (block.valid) window.valid.set(block.valid.subarray(source, source + width), target);
    else window.valid.fill(1, target, target + width);
  }
}

/** Adds the bilinear sample at edge coordinates x, y to `sum` and returns its weight, 0 where imagery is missing. */
function addSample(window: SourceWindow, x: number, y: number, sum: Float64Array): number {
  const px = x - 0.5 - window.left;
  const py = y - 0.5 - window.top;
  const j = Math.floor(px);
  const i = Math.floor(py);
  if (j < 0 || i < 0 || j + 1 >= window.widthPx || i + 1 >= window.heightPx) return 0;
  const k = i * window.widthPx + j;
  const corners = [k, k + 1, k + window.widthPx, k + window.widthPx + 1] as const;
  const weights = bilinearWeights(px - j, py - i);
  let weight = 0;
  for (let n = 0; n < 4; n++) {
    const corner = corners[n] as number;
    if (window.valid[corner] !== 1) continue;
    const w = weights[n] as number;
    weight += w;
    for (let c = 0; c < 3; c++) sum[c] = (sum[c] as number) + w * (window.data[corner * 3 + c] as number);
  }
  return weight;
}
