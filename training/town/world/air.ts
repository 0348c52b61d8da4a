// The air of one panorama of a world, from the weather of its day.
import type { Rng } from 'skyfix/random';
import type { WorldAir } from '../street/world-air.js';
import type { World } from './parameters.js';

type Rgb = readonly [number, number, number];

const mix = (a: Rgb, b: Rgb, t: number): Rgb => [
  a[0] + (b[0] - a[0]) * t,
  a[1] + (b[1] - a[1]) * t,
  a[2] + (b[2] - a[2]) * t,
];

/** Draws the clouds of a panorama; light and colours of the sky follow from them and from the sun's height. */
export function drawAir(world: World, rng: Rng, seed: number): WorldAir {
  const { sun, weather, growth } = world.ground;
  const clouds = Math.min(Math.max(weather.clouds + rng.normal() * weather.cloudSpread, 0), 1);
  const low = Math.max(0, 1 - sun.elevationDeg / 45);
  const sunny = clouds < 0.55 ? 1 : Math.max(0, 1 - (clouds - 0.55) / 0.3);
  const ambient = mix([0.78, 0.8, 0.84], [0.42, 0.45, 0.5], sunny);
  const direct = mix([0.04, 0.04, 0.03], [0.68, 0.63 - 0.05 * low, 0.55 - 0.14 * low], sunny);
  const cloudRgb = mix([196, 199, 204], [242, 243, 245], sunny);
  const leaves: Rgb = mix([74, 88, 58], [120, 104, 84], Math.max(growth.bare, growth.turned));
  return {
    sunAzimuthDeg: sun.azimuthDeg,
    sunElevationDeg: sun.elevationDeg,
    light: { ambient, direct },
    zenith: mix([96, 140, 200], [158, 168, 180], clouds),
    horizon: mix([198, 212, 224], [204, 208, 212], clouds),
    clouds,
    cloudRgb,
    visibilityM: weather.visibilityM,
    backdropDeg: weather.backdropDeg,
    backdropRgb: mix(leaves, world.soil, Math.max(0, 0.9 - 1.6 * growth.grass)),
    seed,
  };
}
