// Looks whose descriptors are maps of the ground: what a camera saw, as one map around it, and from that what a tile anywhere
// beside it ought to be like. Unlike the looks themselves these lie closer together, reach as far as the camera saw, and weigh
// each piece of ground by how well it was seen.
import type { DescriptorMap } from '../bundles/index.js';
import type { Look, Offset } from '../describe/index.js';
import { LookLattice } from './look-lattice.js';

/** What a tile at that place would be like where the camera saw it, to be compared with tiles by its product. */
export interface WeightedLook extends Look {
  /** The product of `descriptor` with a tile, times this, is the sum of what the cells say, each times its weight. */
  readonly scale: number;
  /** The sum of the weights: 0 where the camera saw nothing of a tile there. */
  readonly weight: number;
}

/** The ground counts less the farther it lies from the camera, that sees it the more slantingly; standard deviation, metres. */
const CAMERA_SPREAD_M = 16;
/** And less towards a tile's border, where its neighbours know more of the ground around; standard deviation, cells. */
const TILE_SPREAD_CELLS = 1.5;
/** Looks in a cell's side: half a cell off, cells are still like each other. */
const LOOKS_PER_CELL = 2;
/** Tiles that lie farther from the camera, to the east or north, say nearly nothing of where it stands; metres. */
const REACH_M = 26;
/** What is seen so much less well than the best was not seen: the network makes something of black, too. */
const LEAST_SEEN = 0.15;
/** A look of so small a share of the greatest weight is not worth its product. */
const LEAST_WEIGHT = 0.05;
/** Of what is common to all that a camera saw so much does not count. */
const COMMON_SHARE = 2 / 3;
/** Looks are whole cells apart, to rounding. */
const SLACK_CELLS = 1e-3;

/** Cells around a camera. */
interface GroundMap {
  /** Cells in a row, with the camera above the middle of them all. */
  readonly side: number;
  readonly channels: number;
  /** [side * side * channels], each cell's direction times `seen`, row by row from the north-west. */
  readonly values: Float32Array;
  /** [side * side]: 0 where nothing was seen, and up to about 1. */
  readonly seen: Float32Array;
}

/**
 * Closer looks than those of a lattice whose descriptors are maps; undefined where its looks are no whole number of cells apart,
 * so that they are no windows of one map.
 */
export function looksOfMap(
  lattice: LookLattice<Look>,
  map: DescriptorMap,
): LookLattice<WeightedLook> | undefined {
  const cellM = map.sizeM / map.side;
  const stepCells = lattice.stepM / cellM;
  if (Math.abs(stepCells - Math.round(stepCells)) > SLACK_CELLS || stepCells >= map.side) return undefined;
  const coarse = groundOf(lattice, map);
  const ground = peculiar(finer(coarse), commonOf(coarse));
  const stepM = cellM / LOOKS_PER_CELL;
  const counts = countsOf(ground.side, CAMERA_SPREAD_M / stepM);
  const own = countsOf(map.side, TILE_SPREAD_CELLS);
  const steps = Math.max(1, Math.floor(REACH_M / stepM));
  const side = Array.from({ length: 2 * steps + 1 }, (_, k) => k - steps);
  const sights = side.flatMap((north) =>
    side.map((east) => sightAt(ground, { counts, own }, map, { east, north })),
  );
  const least = LEAST_WEIGHT * Math.max(...sights.map(({ weight }) => weight));
  // Any direction will do: it is never compared.
  const silent = new Float32Array(own.length * ground.channels).fill(1, 0, 1);
  const tileLength = lengthOf(map.weights, 0, map.weights.length);
  const { channels } = ground;
  const squares = ground.seen.map((_, cell) => lengthOf(ground.values, cell * channels, channels) ** 2);
  const looks = sights.map(({ east, north, weight, cells, scales }) => {
    const offset = { eastM: east * stepM, northM: north * stepM };
    if (weight <= least) return { ...offset, descriptor: silent, scale: 0, weight };
    const { descriptor, length } = descriptorOf(ground, squares, cells, scales);
    return { ...offset, descriptor, scale: length * tileLength, weight };
  });
  return new LookLattice(looks, ({ weight }) => weight <= least);
}

/**
 * The looks put together. Each was brought to unit length as a whole, however little of it was seen, so that its measure comes
 * from the cells that it shares with those put together before it, from the middle outwards.
 */
function groundOf(lattice: LookLattice<Look>, { side: window, weights, sizeM }: DescriptorMap): GroundMap {
  const cellM = sizeM / window;
  const margin = Math.round(lattice.reachM / cellM);
  const side = window + 2 * margin;
  const [first] = lattice.looks as readonly [Look];
  const channels = first.descriptor.length / window ** 2;
  const values = new Float32Array(side * side * channels);
  const lengths = new Float32Array(side * side);
  const times = new Float32Array(side * side);
  const outwards = [...lattice.looks].sort((a, b) => apartM(a) - apartM(b));
  for (const { eastM, northM, descriptor } of outwards) {
    const left = margin + Math.round(eastM / cellM);
    const top = margin - Math.round(northM / cellM);
    const cellAt = (k: number) => (top + Math.floor(k / window)) * side + left + (k % window);
    const own = Float64Array.from(
      weights,
      (weight, k) => lengthOf(descriptor, k * channels, channels) / weight,
    );
    let [before, here] = [0, 0];
    for (const [k, length] of own.entries()) {
      const cell = cellAt(k);
      if (times[cell] === 0) continue;
      before += (lengths[cell] as number) / (times[cell] as number);
      here += length;
    }
    const measure = here > 0 && before > 0 ? before / here : 1;
    for (const [k, length] of own.entries()) {
      const cell = cellAt(k);
      times[cell] = (times[cell] as number) + 1;
      lengths[cell] = (lengths[cell] as number) + measure * length;
      const scale = measure / (weights[k] as number);
      for (let c = 0; c < channels; c++) {
        const at = cell * channels + c;
        values[at] = (values[at] as number) + scale * (descriptor[k * channels + c] as number);
      }
    }
  }
  return measured({ side, channels, values, seen: times });
}

/** Cells of any length: the best seen ones get about 1, and those that were hardly seen 0. `seen` is overwritten. */
function measured({ side, channels, values, seen }: GroundMap): GroundMap {
  let most = 0;
  for (let cell = 0; cell < seen.length; cell++) {
    const times = seen[cell] as number;
    for (let c = 0; c < channels; c++) {
      const at = cell * channels + c;
      values[at] = times > 0 ? (values[at] as number) / times : 0;
    }
    const length = lengthOf(values, cell * channels, channels);
    seen[cell] = length;
    most = Math.max(most, length);
  }
  for (let cell = 0; cell < seen.length; cell++) {
    const share = (seen[cell] as number) / most;
    const scale = share > LEAST_SEEN ? 1 / most : 0;
    seen[cell] = scale === 0 ? 0 : share;
    for (let c = 0; c < channels; c++) {
      values[cell * channels + c] = (values[cell * channels + c] as number) * scale;
    }
  }
  return { side, channels, values, seen };
}

const apartM = ({ eastM, northM }: Offset) => Math.hypot(eastM, northM);

function lengthOf(values: ArrayLike<number>, from: number, count: number): number {
  let squares = 0;
  for (let i = from; i < from + count; i++) squares += (values[i] as number) ** 2;
  return Math.sqrt(squares);
}

/** Cells LOOKS_PER_CELL times as close: between two those of both sides. Each is as long as it was seen. */
function finer({ side, channels, values, seen }: GroundMap): GroundMap {
  const fine = LOOKS_PER_CELL * (side - 1) + 1;
  const finer = {
    side: fine,
    channels,
    values: new Float32Array(fine ** 2 * channels),
    seen: new Float32Array(fine ** 2),
  };
  for (let cell = 0; cell < fine ** 2; cell++) {
    const [x, y] = [(cell % fine) / LOOKS_PER_CELL, Math.floor(cell / fine) / LOOKS_PER_CELL];
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const at = cell * channels;
    let share = 0;
    for (let corner = 0; corner < 4; corner++) {
      const [column, row] = [left + (corner & 1), top + (corner >> 1)];
      const near = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
      if (near <= 0) continue;
      const from = row * side + column;
      share += near * (seen[from] as number);
      for (let c = 0; c < channels; c++) {
        finer.values[at + c] =
          (finer.values[at + c] as number) + near * (values[from * channels + c] as number);
      }
    }
    const length = lengthOf(finer.values, at, channels);
    const scale = length > 0 ? share / length : 0;
    finer.seen[cell] = scale > 0 ? share : 0;
    for (let c = 0; c < channels; c++) finer.values[at + c] = (finer.values[at + c] as number) * scale;
  }
  return finer;
}

/** [channels]: what is common to all that was seen. */
function commonOf({ channels, values, seen }: GroundMap): Float32Array {
  const mean = new Float32Array(channels);
  const total = seen.reduce((sum, share) => sum + share, 0);
  for (let k = 0; k < values.length; k++) {
    mean[k % channels] = (mean[k % channels] as number) + (values[k] as number) / total;
  }
  return mean;
}

/** Without most of what is common: what a piece has alone tells where it is. `values` are overwritten. */
function peculiar(ground: GroundMap, common: Float32Array): GroundMap {
  const { channels, values, seen } = ground;
  for (let k = 0; k < values.length; k++) {
    const share = COMMON_SHARE * (seen[Math.floor(k / channels)] as number);
    values[k] = (values[k] as number) - share * (common[k % channels] as number);
  }
  return ground;
}

/** [side * side]: what each cell counts, which falls with its distance from the middle: a standard deviation of so many cells. */
function countsOf(side: number, spreadCells: number): Float32Array {
  const middle = (side - 1) / 2;
  return Float32Array.from({ length: side * side }, (_, cell) => {
    const apart = Math.hypot((cell % side) - middle, Math.floor(cell / side) - middle);
    return Math.exp(-(apart ** 2) / (2 * spreadCells ** 2));
  });
}

/** What of the map lies on a tile whose centre is so many of its cells from the camera. */
interface Sight {
  readonly east: number;
  readonly north: number;
  readonly weight: number;
  /** For each cell of the tile the map's, whose numbers times the scale are the descriptor's; any where the scale is 0. */
  readonly cells: Int32Array;
  readonly scales: Float32Array;
}

/** Each cell counts by the camera, `counts`, and by the tile, `own`. */
function sightAt(
  { side, seen }: GroundMap,
  { counts, own }: { readonly counts: Float32Array; readonly own: Float32Array },
  { side: window, weights }: DescriptorMap,
  { east, north }: { readonly east: number; readonly north: number },
): Sight {
  const cells = new Int32Array(own.length);
  const scales = new Float32Array(own.length);
  // The tile's cell in the north-west.
  const toCorner = (LOOKS_PER_CELL * (window - 1)) / 2;
  const left = (side - 1) / 2 + east - toCorner;
  const top = (side - 1) / 2 - north - toCorner;
  let weight = 0;
  for (let k = 0; k < own.length; k++) {
    const column = left + LOOKS_PER_CELL * (k % window);
    const row = top + LOOKS_PER_CELL * Math.floor(k / window);
    if (column < 0 || column >= side || row < 0 || row >= side) continue;
    const cell = row * side + column;
    const times = (counts[cell] as number) * (own[k] as number);
    weight += times * (seen[cell] as number);
    cells[k] = cell;
    // A tile's cell is as long as its weight.
    scales[k] = times / (weights[k] as number);
  }
  return { east, north, weight, cells, scales };
}

/** The cells' numbers times their scales, and what made them of unit length; `squares`: of each cell's numbers. */
function descriptorOf(
  { channels, values }: GroundMap,
  squares: Float32Array,
  cells: Int32Array,
  scales: Float32Array,
) {
  const descriptor = new Float32Array(cells.length * channels);
  let sum = 0;
  for (let k = 0; k < cells.length; k++)
    sum += (scales[k] as number) ** 2 * (squares[cells[k] as number] as number);
  const length = Math.sqrt(sum);
  for (let k = 0; k < cells.length; k++) {
    const scale = (scales[k] as number) / length;
    if (scale === 0) continue;
    const [into, from] = [k * channels, (cells[k] as number) * channels];
    for (let c = 0; c < channels; c++) descriptor[into + c] = scale * (values[from + c] as number);
  }
  return { descriptor, length };
}
