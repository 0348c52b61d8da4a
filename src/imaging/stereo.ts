// Whether a picture holds the same panorama twice, for two eyes: one above the other, or side by side.
import { SkyfixError } from '../errors/index.js';
import type { RgbImage } from '../geometry/index.js';

const [COLUMNS, ROWS] = [64, 32];
/** Correlation of the halves beyond which they may show the same scene; the 24 demo panoramas have 0.41 at the most. */
const SAME_SCENE = 0.7;
/**
 * And of their details, in most blocks of the picture. A street looks alike to the front and to the back from afar (a tree on
 * either side, 0.82), and so does the roof of the car below the camera (0.80 with all its details), but nothing else does: among
 * 1,800 panoramas of made-up worlds none has more than 0.51 of this; two eyes' pictures have 0.9 and more.
 */
const SAME_DETAIL = 0.65;
/** Detail is what differs from the mean of so many cells on either side. */
const DETAIL_CELLS = 2;
/** Blocks have so many cells along each side; all but this share of them must be alike. */
const BLOCK_CELLS = 8;
const BLOCKS_UNLIKE = 0.3;
/** Shapes of stereo pictures: of two full panoramas, and of two squeezed into the place of one. */
const SHAPES = { 'top-bottom': [1, 2], 'left-right': [4, 2] } as const;
type Layout = keyof typeof SHAPES;
const SHAPE_TOLERANCE = 0.05;
/** Mean square under which cells have no structure of their own, in the sum of three channels: of a half, and of a block. */
const LEAST_ENERGY = { half: 3, block: 9 } as const;
/** Pixels of a cell that are looked at, along each side: their mean is the cell's closely enough. */
const LOOKED_AT = 8;
/** Two eyes see near things apart; cells of the small picture. */
const MOST_APART = 2;

/** Throws PANORAMA_PROJECTION_UNSUPPORTED where the halves of the picture show the same. */
export function refuseStereo(image: RgbImage): void {
  const aspect = image.widthPx / image.heightPx;
  for (const layout of ['top-bottom', 'left-right'] as const) {
    if (!SHAPES[layout].some((shape) => Math.abs(aspect / shape - 1) <= SHAPE_TOLERANCE)) continue;
    const scene = sceneLikeness(image, layout);
    if (scene < SAME_SCENE || halvesLikeness(image, layout).detail < SAME_DETAIL) continue;
    throw new SkyfixError(
      'PANORAMA_PROJECTION_UNSUPPORTED',
      `Its ${layout === 'top-bottom' ? 'upper and lower' : 'left and right'} halves show the same scene (correlation ` +
        `${scene.toFixed(2)}): it is a stereo panorama, ${layout}.`,
    );
  }
}

export interface Likeness {
  readonly scene: number;
  /** What all but BLOCKS_UNLIKE of the blocks reach; 0 where none has any detail. */
  readonly detail: number;
}

/**
 * Correlations of the two halves, -1 to 1, as a whole and of their details block by block. Rows and columns are without
 * their means: that the sky is above, or a bar goes through both, is no likeness.
 */
export function halvesLikeness(image: RgbImage, layout: Layout): Likeness {
  const halves = cellsOfHalves(image, layout);
  if (!halves) return { scene: 0, detail: 0 };
  const [one, other] = halves;
  return {
    scene: bestCorrelation(one, other, WHOLE),
    detail: blocksLikeness(detailOf(one), detailOf(other)),
  };
}

/** The first of them: of most panoramas it is so small that nobody asks for the second. */
function sceneLikeness(image: RgbImage, layout: Layout): number {
  const halves = cellsOfHalves(image, layout);
  return halves ? bestCorrelation(...halves, WHOLE) : 0;
}

/** Grey values of either half; undefined where there are too few pixels. */
function cellsOfHalves(
  image: RgbImage,
  layout: Layout,
): readonly [one: Float64Array, other: Float64Array] | undefined {
  const beside = layout === 'left-right';
  const [width, height] = beside
    ? [image.widthPx >> 1, image.heightPx]
    : [image.widthPx, image.heightPx >> 1];
  if (width < COLUMNS || height < ROWS) return undefined;
  const first = smallGrey(image, 0, 0, width, height);
  const second = smallGrey(image, beside ? width : 0, beside ? 0 : height, width, height);
  return [withoutMeans(first), withoutMeans(second)];
}

interface Cells {
  readonly left: number;
  readonly top: number;
  readonly columns: number;
  readonly rows: number;
  readonly leastEnergy: number;
}
const WHOLE: Cells = { left: 0, top: 0, columns: COLUMNS, rows: ROWS, leastEnergy: LEAST_ENERGY.half };

function blocksLikeness(first: Float64Array, second: Float64Array): number {
  const likeness: number[] = [];
  for (let top = 0; top < ROWS; top += BLOCK_CELLS) {
    for (let left = 0; left < COLUMNS; left += BLOCK_CELLS) {
      const block = { left, top, columns: BLOCK_CELLS, rows: BLOCK_CELLS, leastEnergy: LEAST_ENERGY.block };
      const best = bestCorrelation(first, second, block);
      if (best > -1) likeness.push(best);
    }
  }
  likeness.sort((a, b) => a - b);
  return likeness[Math.floor(likeness.length * BLOCKS_UNLIKE)] ?? 0;
}

/** The best over what two eyes may see apart; -1 where there is nothing to see. */
function bestCorrelation(first: Float64Array, second: Float64Array, cells: Cells): number {
  let best = -1;
  for (let apart = -MOST_APART; apart <= MOST_APART; apart++) {
    best = Math.max(best, correlation(first, second, apart, cells));
  }
  return best;
}

/** Grey values of a part of the image (the sum of three channels), averaged to ROWS x COLUMNS. */
function smallGrey({ data, widthPx }: RgbImage, left: number, top: number, width: number, height: number) {
  const cells = new Float64Array(ROWS * COLUMNS);
  for (let row = 0; row < ROWS; row++) {
    const y0 = top + Math.floor((row * height) / ROWS);
    const y1 = top + Math.floor(((row + 1) * height) / ROWS);
    const down = Math.max(1, Math.floor((y1 - y0) / LOOKED_AT));
    for (let column = 0; column < COLUMNS; column++) {
      const x0 = left + Math.floor((column * width) / COLUMNS);
      const x1 = left + Math.floor(((column + 1) * width) / COLUMNS);
      const across = Math.max(1, Math.floor((x1 - x0) / LOOKED_AT));
      let sum = 0;
      for (let y = y0; y < y1; y += down) {
        const end = 3 * (y * widthPx + x1);
        for (let p = 3 * (y * widthPx + x0); p < end; p += 3 * across) {
          sum += (data[p] as number) + (data[p + 1] as number) + (data[p + 2] as number);
        }
      }
      cells[row * COLUMNS + column] = sum / (Math.ceil((x1 - x0) / across) * Math.ceil((y1 - y0) / down));
    }
  }
  return cells;
}

/** Rows and columns without their means. */
function withoutMeans(values: Float64Array): Float64Array {
  const cells = values.slice();
  for (let row = 0; row < ROWS; row++) takeMeanOff(cells, row * COLUMNS, 1, COLUMNS);
  for (let column = 0; column < COLUMNS; column++) takeMeanOff(cells, column, COLUMNS, ROWS);
  return cells;
}

/** What differs from the mean of the cells around. */
function detailOf(values: Float64Array): Float64Array {
  return values.map((value, k) => {
    const [row, column] = [Math.floor(k / COLUMNS), k % COLUMNS];
    let [sum, count] = [0, 0];
    for (let y = Math.max(0, row - DETAIL_CELLS); y <= Math.min(ROWS - 1, row + DETAIL_CELLS); y++) {
      for (
        let x = Math.max(0, column - DETAIL_CELLS);
        x <= Math.min(COLUMNS - 1, column + DETAIL_CELLS);
        x++
      ) {
        sum += values[y * COLUMNS + x] as number;
        count++;
      }
    }
    return value - sum / count;
  });
}

function takeMeanOff(cells: Float64Array, from: number, step: number, count: number): void {
  let sum = 0;
  for (let k = 0; k < count; k++) sum += cells[from + k * step] as number;
  for (let k = 0; k < count; k++) cells[from + k * step] = (cells[from + k * step] as number) - sum / count;
}

function correlation(a: Float64Array, b: Float64Array, apart: number, cells: Cells): number {
  const { left, top, columns, rows, leastEnergy } = cells;
  let [ab, aa, bb, seen] = [0, 0, 0, 0];
  for (let row = top; row < top + rows; row++) {
    for (let column = left; column < left + columns; column++) {
      if (column + apart < 0 || column + apart >= COLUMNS) continue;
      const x = a[row * COLUMNS + column] as number;
      const y = b[row * COLUMNS + column + apart] as number;
      ab += x * y;
      aa += x * x;
      bb += y * y;
      seen++;
    }
  }
  const least = leastEnergy * seen;
  return aa > least && bb > least ? ab / Math.sqrt(aa * bb) : -1;
}
