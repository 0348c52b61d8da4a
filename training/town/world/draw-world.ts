// Draws a world's parameters from its seed and style. Each part has its own stream, so that one that is switched off
// leaves the others as they are.
import { makeRng, type Rng } from 'skyfix/random';
import type { OverheadSensor } from '../overhead/sensor.js';
import type { Sun } from '../scene/light.js';
import type { Growth } from '../scene/palette.js';
import type { GroundCamera, Nadir } from '../street/ground-camera.js';
import type { WorldOptions } from './options.js';
import type { Visit, World } from './parameters.js';
import { STYLE_NAMES, type WorldStyle } from './styles.js';

const STREAM = { place: 81, imagery: 82, ground: 83, sensor: 84, camera: 85, stance: 86 } as const;

/** The parameters of a world. */
export function drawWorld(options: WorldOptions, style: WorldStyle): World {
  const own = 100 * (1 + STYLE_NAMES.indexOf(options.style));
  const rngOf = (part: keyof typeof STREAM): Rng => makeRng(options.seed, own + STREAM[part]);
  const place = rngOf('place');
  const country = place.pick(style.countries);
  const soil = place.pick(style.soils);
  const best = place.range(...style.grass);
  const imagery = rngOf('imagery');
  const overhead = drawVisit(imagery, best, style.imagerySunDeg);
  const shadow = imagery.range(...style.shadowLight);
  const cast = imagery.range(0.04, 0.32);
  const lean = imagery.range(0, 0.22);
  const leanTo = imagery.range(0, 2 * Math.PI);
  const groundRng = rngOf('ground');
  const visit = drawVisit(groundRng, best, [14, 66]);
  // A third of the worlds was seen in the same weeks from above and from below.
  const sameSeason = !options.season || groundRng.chance(0.34);
  const weather = {
    clouds: groundRng.range(...style.clouds),
    cloudSpread: groundRng.range(0.02, 0.2),
    visibilityM: Math.exp(groundRng.range(Math.log(450), Math.log(4000))),
    backdropDeg: groundRng.range(...style.backdropDeg),
  };
  const sensor = drawSensor(rngOf('sensor'), style, options);
  const camera = drawCamera(rngOf('camera'), style, options);
  const stance = rngOf('stance');
  const strip = stance.chance(style.strips) && options.strips;
  const view = strip
    ? { verticalFovDeg: stance.range(65, 90), horizonShare: stance.range(0.42, 0.6) }
    : { verticalFovDeg: 180, horizonShare: 0.5 };
  const heightM = stance.range(1.6, 3.5);
  return {
    style: options.style,
    seed: options.seed,
    country,
    soil,
    overhead: {
      ...overhead,
      light: {
        // Shadows are lit by the blue sky.
        ambient: [shadow * (1 - 0.6 * cast), shadow, shadow * (1 + cast)],
        direct: [1.04 - shadow * (1 - 0.6 * cast), 1.03 - shadow, 1.02 - shadow * (1 + cast)],
      },
    },
    ground: {
      growth: sameSeason ? overhead.growth : visit.growth,
      sun: options.light ? visit.sun : overhead.sun,
      weather: options.light ? weather : { ...weather, clouds: 0, cloudSpread: 0 },
    },
    lean: options.lean
      ? { east: lean * Math.cos(leanTo), north: lean * Math.sin(leanTo) }
      : { east: 0, north: 0 },
    sensor,
    stance: {
      heightM,
      heightSpread: options.heightJitter ? 0.03 : 0,
      tiltDeg: options.tilt ? stance.range(0.1, 1.2) : 0,
    },
    camera: camera.own,
    exposureSpread: options.spread ? camera.exposureSpread : 0,
    tintSpread: options.spread ? camera.tintSpread : 0,
    jpegQuality: camera.jpegQuality,
    view,
  };
}

/** A day of the year: how green the grass is, how far the leaves have turned, where the sun stands. */
function drawVisit(rng: Rng, best: number, sunDeg: readonly [number, number]): Visit {
  const season = rng.pick(['spring', 'summer', 'summer', 'summer', 'late', 'autumn', 'winter'] as const);
  const growth: Growth = {
    spring: { grass: best, turned: 0, bare: rng.range(0, 0.4) },
    summer: { grass: best * rng.range(0.8, 1), turned: 0, bare: 0 },
    late: { grass: best * rng.range(0.4, 0.8), turned: rng.range(0, 0.25), bare: 0 },
    autumn: { grass: best * rng.range(0.5, 0.9), turned: rng.range(0.3, 0.9), bare: rng.range(0, 0.45) },
    winter: { grass: best * rng.range(0.2, 0.75), turned: 0.8, bare: rng.range(0.7, 1) },
  }[season];
  const low = season === 'winter' ? 0.5 : season === 'autumn' ? 0.75 : 1;
  const hour = rng.range(-62, 62);
  const [from, to] = sunDeg;
  const sun: Sun = {
    azimuthDeg: (180 + hour + 360) % 360,
    elevationDeg: Math.max(from, (from + (to - from) * rng.next()) * (1 - Math.abs(hour) / 200) * low),
  };
  return { growth, sun };
}

function drawSensor(rng: Rng, style: WorldStyle, options: WorldOptions): OverheadSensor {
  const gain = rng.range(...style.imageryGain);
  const tint = [rng.normal() * 0.06, rng.normal() * 0.03, rng.normal() * 0.08] as const;
  const haze = rng.chance(0.6) ? rng.range(0, 10) : rng.range(8, 30);
  const blue = rng.range(0.9, 2.2);
  const fine = rng.chance(style.sharp);
  const drawn: OverheadSensor = {
    gains: [gain * (1 + tint[0]), gain * (1 + tint[1]), gain * (1 + tint[2])],
    haze: [haze, haze * (1 + (blue - 1) * 0.5), haze * blue],
    gamma: rng.range(0.88, 1.22),
    contrast: rng.range(0.86, 1.22),
    saturation: rng.range(0.45, 1.15),
    blurM: fine ? rng.range(0.05, 0.16) : rng.range(0.2, 0.7),
    sharpening: fine && rng.chance(0.65) ? rng.range(0.4, 2.4) : 0,
    noise: fine ? rng.range(0.5, 7) : rng.range(0.3, 3),
    pixelM: fine ? 0.25 : rng.range(0.25, 0.5),
    jpegQuality: Math.round(rng.range(48, 92)),
    strips: {
      widthM: rng.range(70, 420),
      angleDeg: rng.range(0, 180),
      brightness: rng.chance(style.patched) ? rng.range(...style.patchwork) : rng.range(0, 0.05),
      tint: rng.range(0, 0.035),
    },
  };
  const even = { ...drawn.strips, brightness: 0, tint: 0 };
  if (options.sensor) return options.spread ? drawn : { ...drawn, strips: even };
  return {
    gains: [1, 1, 1],
    haze: [0, 0, 0],
    gamma: 1,
    contrast: 1,
    saturation: 1,
    blurM: 0,
    sharpening: 0,
    noise: 0,
    pixelM: 0.25,
    jpegQuality: 90,
    strips: even,
  };
}

function drawCamera(rng: Rng, style: WorldStyle, options: WorldOptions) {
  const gain = rng.range(...style.panoramaGain);
  const warmth = rng.normal() * 0.06;
  const green = rng.normal() * 0.025;
  const nadir = drawNadir(rng, style);
  const drawn: GroundCamera = {
    gains: [gain * (1 + warmth), gain * (1 + green), gain * (1 - warmth)],
    gamma: rng.range(0.82, 1.2),
    contrast: rng.range(0, 0.4),
    saturation: rng.range(0.55, 1.15),
    vignetting: rng.chance(0.5) ? 0 : rng.range(0.02, 0.3),
    autoExposure: rng.range(0.1, 0.8),
    blurPx: rng.range(0, 0.9),
    noise: options.cameraNoise ? rng.range(0.5, 4) : 0,
    nadir: options.nadir ? nadir : { kind: 'clear' },
  };
  const plain: GroundCamera = {
    ...drawn,
    gains: [1, 1, 1],
    gamma: 1,
    contrast: 0,
    saturation: 1,
    vignetting: 0,
    autoExposure: 0,
    blurPx: 0,
  };
  return {
    own: options.camera ? drawn : plain,
    exposureSpread: rng.range(0.04, 0.36),
    tintSpread: rng.range(0.005, 0.05),
    jpegQuality: Math.round(rng.range(62, 93)),
  };
}

const CAR_PAINTS = [
  [30, 31, 34],
  [196, 197, 198],
  [112, 116, 120],
  [60, 80, 120],
  [150, 36, 34],
] as const;

function drawNadir(rng: Rng, style: WorldStyle): Nadir {
  if (rng.chance(style.cars))
    return { kind: 'car', aboveRoofM: rng.range(0.8, 1.6), rgb: rng.pick(CAR_PAINTS) };
  if (rng.chance(0.5)) return { kind: 'clear' };
  const belowDeg = rng.range(56, 80);
  return rng.chance(0.5)
    ? { kind: 'black', belowDeg }
    : { kind: rng.pick(['smeared', 'disc'] as const), belowDeg };
}
