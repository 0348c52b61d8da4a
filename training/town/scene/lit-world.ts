// A world as one view sees it: colours, leaves, light.

import type { Light } from './cast-light.js';
import type { Foliage } from './foliage.js';
import type { Scene } from './scene.js';

export interface LitWorld {
  readonly scene: Scene;
  /** [n*n*3] colours of the ground and of what stands on it, without light. */
  readonly albedo: Uint8Array;
  /** [n*n] height of the crowns' upper side, cm. */
  readonly crowns: Uint16Array;
  readonly foliage: Foliage;
  readonly light: Light;
  /** [materials*3] colours of upright things that are not buildings. */
  readonly uprights: Float32Array;
}

/** Light of the sky and of the sun, each channel on its own; a surface's colour is multiplied by it. */
export interface Illumination {
  readonly ambient: readonly [number, number, number];
  readonly direct: readonly [number, number, number];
}
