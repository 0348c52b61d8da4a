// A town without noise: what a square of ground looks like changes smoothly with where it is, and nowhere looks like
// anywhere else. cosine = exp(-d^2 / 2 (scaleM)^2) for squares d apart, by random features.
import { offsetLonLat } from '../../src/geometry/index.js';
import type { Offset } from '../../src/places/index.js';
import { Catalogue, ExactIndex, type Tile } from '../../src/search/index.js';
import { seeded } from './tiny-region.js';

const DIMENSIONS = 512;

export interface SmoothTown {
  readonly index: ExactIndex;
  readonly catalogue: Catalogue;
  /** The descriptor [D] of a square of ground around this point. */
  readonly describe: (place: Offset) => Float32Array;
  /** A point of the plane on the map. */
  readonly onMap: (place: Offset) => { lon: number; lat: number };
  /** What the looks of a lattice see from a camera. */
  readonly looksFrom: (
    camera: Offset,
    lattice: readonly Offset[],
  ) => (Offset & { readonly descriptor: Float32Array })[];
}

/** `side` x `side` tiles, `strideM` apart, the first at `origin`. */
export function smoothTown({
  side,
  strideM,
  scaleM = 8,
  sizeM = 64,
  origin = { lon: 11.5, lat: 48.1 },
}: {
  readonly side: number;
  readonly strideM: number;
  readonly scaleM?: number;
  readonly sizeM?: number;
  readonly origin?: { readonly lon: number; readonly lat: number };
}): SmoothTown {
  const random = seeded(7);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const waves = Array.from({ length: DIMENSIONS / 2 }, () => [normal() / scaleM, normal() / scaleM] as const);
  const describe = ({ eastM, northM }: Offset) => {
    const values = waves.flatMap(([a, b]) => {
      const phase = a * eastM + b * northM;
      return [Math.cos(phase), Math.sin(phase)];
    });
    return Float32Array.from(values, (v) => v / Math.sqrt(DIMENSIONS / 2));
  };
  const onMap = ({ eastM, northM }: Offset) => offsetLonLat(origin, eastM, northM);
  const centres = Array.from({ length: side * side }, (_, t) => ({
    eastM: (t % side) * strideM,
    northM: Math.floor(t / side) * strideM,
  }));
  const tiles: Tile[] = centres.map((centre, t) => ({ tile: `t${t}`, ...onMap(centre), sizeM, source: 's' }));
  const data = new Float32Array(tiles.length * DIMENSIONS);
  for (const [t, centre] of centres.entries()) data.set(describe(centre), t * DIMENSIONS);
  return {
    index: new ExactIndex({ count: tiles.length, dimensions: DIMENSIONS, data }),
    catalogue: new Catalogue(tiles),
    describe,
    onMap,
    looksFrom: (camera, lattice) =>
      lattice.map((look) => ({
        ...look,
        descriptor: describe({ eastM: camera.eastM + look.eastM, northM: camera.northM + look.northM }),
      })),
  };
}
