// Made-up descriptors as tiles of a town have them: those of overlapping tiles are alike, those of one kind of ground somewhat
// alike, wherever they lie, and each has something of its own. Uniform noise would make searching harder than it is, separate
// clusters easier.
import { offsetLonLat } from '../src/geometry/index.js';
import { normalPair, seededRandom } from '../src/random/index.js';
import type { Descriptors, Tile } from '../src/search/index.js';

const ORIGIN = { lon: 10, lat: 48 };
export const STRIDE_M = 16;
export const SIZE_M = 48;
/** Within it the looks of two squares of ground stay alike, metres. */
const ALIKE_M = 18;
/** A kind of ground goes on for so long, metres. */
const KIND_M = 250;
/** Shares of a descriptor's square: the place, the kind of ground, and what is nobody else's. */
const PLACE_SHARE = 0.6;
const KIND_SHARE = 0.25;
/** Kinds of ground lie near one another on so few axes. */
const KIND_AXES = 12;

export interface MadeUpTown {
  /** Rows are numbered line by line from the south-west. */
  readonly side: number;
  /** The descriptor of a square of ground so far from the first tile; `own` draws what is nobody else's. */
  describe(eastM: number, northM: number, into: Float32Array, own: () => number): void;
  tiles(): Generator<Tile>;
}

/** A square town of `side` x `side` tiles. */
export function madeUpTown(side: number, dimensions: number, seed: number): MadeUpTown {
  const random = seededRandom(seed);
  const normal = () => normalPair(random)[0];
  const waves = Math.floor(dimensions / 2);
  // cos and sin of random waves: the product of two descriptors falls with their distance d as exp(-d^2 / 2 ALIKE_M^2).
  const waveEast = Float64Array.from({ length: waves }, () => normal() / ALIKE_M);
  const waveNorth = Float64Array.from({ length: waves }, () => normal() / ALIKE_M);
  const kindEast = Float64Array.from({ length: KIND_AXES }, () => normal() / KIND_M);
  const kindNorth = Float64Array.from({ length: KIND_AXES }, () => normal() / KIND_M);
  const kindPhase = Float64Array.from({ length: KIND_AXES }, () => 2 * Math.PI * random());
  const axes = Float32Array.from(
    { length: KIND_AXES * dimensions },
    () => normal() / Math.sqrt(dimensions * KIND_AXES * 0.5),
  );
  const placeScale = Math.sqrt(PLACE_SHARE / waves);
  const ownScale = Math.sqrt((3 * (1 - PLACE_SHARE - KIND_SHARE)) / dimensions);
  const kind = new Float64Array(KIND_AXES);
  return {
    side,
    describe(eastM, northM, into, own) {
      for (let k = 0; k < KIND_AXES; k++) {
        const phase = (kindEast[k] as number) * eastM + (kindNorth[k] as number) * northM;
        kind[k] = Math.sqrt(KIND_SHARE) * Math.cos(phase + (kindPhase[k] as number));
      }
      let square = 0;
      for (let d = 0; d < dimensions; d++) {
        const w = d >> 1;
        const phase = w < waves ? (waveEast[w] as number) * eastM + (waveNorth[w] as number) * northM : 0;
        let value =
          placeScale * (d % 2 === 0 ? Math.cos(phase) : Math.sin(phase)) + ownScale * (2 * own() - 1);
        for (let k = 0; k < KIND_AXES; k++)
          value += (kind[k] as number) * (axes[k * dimensions + d] as number);
        into[d] = value;
        square += value * value;
      }
      const norm = Math.sqrt(square);
      for (let d = 0; d < dimensions; d++) into[d] = (into[d] as number) / norm;
    },
    *tiles() {
      for (let k = 0; k < side * side; k++) {
        const place = offsetLonLat(ORIGIN, (k % side) * STRIDE_M, Math.floor(k / side) * STRIDE_M);
        yield { tile: `t${k}`, ...place, sizeM: SIZE_M, source: 'made up' };
      }
    },
  };
}

/** The descriptors of all tiles, on shared memory. */
export function descriptorsOf(town: MadeUpTown, dimensions: number, seed: number): Descriptors {
  const count = town.side * town.side;
  const own = seededRandom(seed);
  const data = new Float32Array(new SharedArrayBuffer(count * dimensions * 4));
  for (let row = 0; row < count; row++) {
    const vector = data.subarray(row * dimensions, (row + 1) * dimensions);
    town.describe((row % town.side) * STRIDE_M, Math.floor(row / town.side) * STRIDE_M, vector, own);
  }
  return { count, dimensions, data };
}
