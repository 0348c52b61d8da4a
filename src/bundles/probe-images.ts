// Images that a network is tried on: no two look alike, dark and bright ones, with much contrast and little, fine and coarse.
import { seededRandom } from '../random/index.js';

export interface ProbeImage {
  readonly name: string;
  /** [3, S, S] */
  readonly data: Float32Array;
  /** One value all over: networks that look at differences may answer all of these alike. */
  readonly flat: boolean;
}

type Pattern = (random: () => number, sizePx: number) => (x: number, y: number) => number;

/** Values in [0, 1] of the pixel x, y. */
const PATTERNS: readonly (readonly [name: string, pattern: Pattern])[] = [
  ['noise', (random) => () => random()],
  ['smooth noise', waves],
  ['stripes', stripes],
  ['a gradient', gradient],
];

/** Least and greatest value of a pattern; the first is what cameras make. */
const LEVELS: readonly (readonly [name: string, low: number, high: number])[] = [
  ['', 0, 1],
  ['dark ', 0, 0.35],
  ['bright ', 0.65, 1],
  ['pale ', 0.4, 0.6],
];

/** How many images of patterns there are at least, so that batches need no image twice. */
const PATTERNED = 28;

/**
 * Images of `sizePx` with values in [low, 1]: noise, other noise, the darkest, the brightest, a grey one, then
 * patterns and halves.
 */
export function probeImages(sizePx: number, low: -1 | 0): ProbeImage[] {
  const images: ProbeImage[] = [
    patterned(sizePx, 0, 0, 1, 'noise'),
    patterned(sizePx, 1, 0, 2, 'smooth noise'),
    flat(sizePx, 0, 'the darkest image'),
    flat(sizePx, 1, 'the brightest image'),
    flat(sizePx, 0.4, 'a grey image'),
  ];
  for (let k = 0; k < PATTERNED; k++) {
    const [pattern, level] = [k % PATTERNS.length, Math.floor(k / PATTERNS.length) % LEVELS.length];
    const name = `${LEVELS[level]?.[0]}${PATTERNS[pattern]?.[0]} (${k + 3})`;
    images.push(patterned(sizePx, pattern, level, k + 3, name));
  }
  images.push(...halves(sizePx));
  return images.map((image) => ({ ...image, data: image.data.map((value) => low + (1 - low) * value) }));
}

/**
 * A view of squares of `patchPx`, each of another colour, contrast and grain: no two places of it look alike. Black in the
 * columns before `blackPx`, as where a panorama shows no ground.
 */
export function patchwork(sizePx: number, patchPx: number, seed: number, blackPx = 0): ProbeImage {
  const random = seededRandom(seed);
  const across = Math.ceil(sizePx / patchPx);
  const patches = Array.from({ length: across * across }, () => ({
    colour: [random(), random(), random()],
    contrast: 0.4 * random(),
  }));
  const plane = sizePx * sizePx;
  const data = new Float32Array(3 * plane);
  for (let p = 0; p < plane; p++) {
    const [x, y] = [p % sizePx, Math.floor(p / sizePx)];
    const patch = patches[Math.floor(y / patchPx) * across + Math.floor(x / patchPx)];
    const grain = random() - 0.5;
    if (x < blackPx || !patch) continue;
    for (const [channel, level] of patch.colour.entries()) {
      data[channel * plane + p] = Math.min(1, Math.max(0.01, level + patch.contrast * grain));
    }
  }
  const name = blackPx > 0 ? `a patchwork that is black in its west (${seed})` : `a patchwork (${seed})`;
  return { name, data, flat: false };
}

function patterned(sizePx: number, pattern: number, level: number, seed: number, name: string): ProbeImage {
  const random = seededRandom(seed);
  const [, make = waves] = PATTERNS[pattern] ?? [];
  const [, least = 0, most = 1] = LEVELS[level] ?? [];
  const plane = sizePx * sizePx;
  const data = new Float32Array(3 * plane);
  for (let channel = 0; channel < 3; channel++) {
    const value = make(random, sizePx);
    for (let p = 0; p < plane; p++) {
      data[channel * plane + p] = least + (most - least) * value(p % sizePx, Math.floor(p / sizePx));
    }
  }
  return { name, data, flat: false };
}

function flat(sizePx: number, value: number, name: string): ProbeImage {
  return { name, data: new Float32Array(3 * sizePx * sizePx).fill(value), flat: true };
}

/** Smooth noise of which one half is another's: a network that never looks there answers as if it were the same. */
function halves(sizePx: number): ProbeImage[] {
  const [one, other] = [patterned(sizePx, 1, 0, 101, ''), patterned(sizePx, 1, 0, 102, '')];
  const half = sizePx / 2;
  const inHalf: Readonly<Record<string, (x: number, y: number) => boolean>> = {
    left: (x) => x < half,
    right: (x) => x >= half,
    upper: (_x, y) => y < half,
    lower: (_x, y) => y >= half,
  };
  const mixed = Object.entries(inHalf).map(([name, isThere]) => ({
    name: `that with another ${name} half`,
    flat: false,
    data: one.data.map((value, k) => {
      const p = k % (sizePx * sizePx);
      return isThere(p % sizePx, Math.floor(p / sizePx)) ? (other.data[k] as number) : value;
    }),
  }));
  return [{ ...one, name: 'smooth noise (101)' }, ...mixed];
}

/** Four waves in random directions, up to three periods over the image. */
function waves(random: () => number, sizePx: number) {
  const all = Array.from({ length: 4 }, () => {
    const [along, across] = [6 * random() - 3, 6 * random() - 3];
    return {
      along: (2 * Math.PI * along) / sizePx,
      across: (2 * Math.PI * across) / sizePx,
      at: 7 * random(),
    };
  });
  return (x: number, y: number) => {
    const sum = all.reduce((total, wave) => total + Math.sin(wave.along * x + wave.across * y + wave.at), 0);
    return 0.5 + sum / 8;
  };
}

function stripes(random: () => number, sizePx: number) {
  const angle = Math.PI * random();
  const period = sizePx * (0.15 + 0.35 * random());
  const [cos, sin, at] = [Math.cos(angle), Math.sin(angle), period * random()];
  return (x: number, y: number) => ((((x * cos + y * sin + at) / period) % 1) + 1) % 1;
}

function gradient(random: () => number, sizePx: number) {
  const angle = 2 * Math.PI * random();
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return (x: number, y: number) =>
    Math.min(1, Math.max(0, 0.5 + ((x / sizePx - 0.5) * cos + (y / sizePx - 0.5) * sin) / 1.5));
}
