// What a world is: everything that was drawn for it. It stands in the world's town.json under "world".

import type { OverheadSensor } from '../overhead/sensor.js';
import type { Lean } from '../overhead/world-overhead.js';
import type { Sun } from '../scene/light.js';
import type { Illumination } from '../scene/lit-world.js';
import type { Growth } from '../scene/palette.js';
import type { GroundCamera } from '../street/ground-camera.js';
import type { Stance } from '../street/places.js';

/** Whose paint is on the roads. */
export type Country = 'us' | 'au' | 'gb' | 'eu';

/** One of the two visits to a world: when the imagery, and when the panoramas were taken. */
export interface Visit {
  readonly growth: Growth;
  readonly sun: Sun;
}

/** The weather of the panoramas. */
export interface Weather {
  /** Mean share of clouds, 0..1, and how much it differs between panoramas. */
  readonly clouds: number;
  readonly cloudSpread: number;
  readonly visibilityM: number;
  readonly backdropDeg: number;
}

export interface World {
  readonly style: string;
  readonly seed: number;
  readonly country: Country;
  readonly soil: readonly [number, number, number];
  readonly overhead: Visit & { readonly light: Illumination };
  readonly ground: Visit & { readonly weather: Weather };
  readonly lean: Lean;
  readonly sensor: OverheadSensor;
  readonly stance: Stance;
  readonly camera: GroundCamera;
  /** Standard deviation of the logarithm of the exposure, and of the tint, from panorama to panorama. */
  readonly exposureSpread: number;
  readonly tintSpread: number;
  readonly jpegQuality: number;
  /** What a panorama shows from top to bottom: the whole sphere, or a strip. */
  readonly view: { readonly verticalFovDeg: number; readonly horizonShare: number };
}
