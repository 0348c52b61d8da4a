// What a world can be asked for. Everything that was drawn can be switched off, for ablations.
import { DEFAULT_TOWN, type TownGaps } from '../scene/options.js';

/** The town's differences between the views, and what worlds differ in beyond. */
export interface WorldGaps extends Omit<TownGaps, 'lookAlikes'> {
  /** The ground camera's own exposure, colours, lens. */
  readonly camera: boolean;
  /** What hides the ground below the camera: caps, cars. */
  readonly nadir: boolean;
  /** Strips instead of whole spheres. */
  readonly strips: boolean;
  /** Exposure and tint that differ from strip to strip of the imagery, and from panorama to panorama. */
  readonly spread: boolean;
}

export interface WorldOptions extends WorldGaps {
  readonly seed: number;
  readonly style: string;
  readonly out: string;
  readonly places: number;
  readonly panoramaWidthPx: number;
  /** Worker threads that render panoramas. */
  readonly workers: number;
}

const { lookAlikes: _, ...TOWNS } = DEFAULT_TOWN;

export const DEFAULT_WORLD: Omit<WorldOptions, 'seed' | 'style' | 'out'> = {
  ...TOWNS,
  places: 400,
  camera: true,
  nadir: true,
  strips: true,
  spread: true,
};
