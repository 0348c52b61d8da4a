// Ground whose colours are waves of some metres, as panoramas and photos show it by exact rays and as tiles show it from
// above: what
// a camera sees from anywhere is known without any of the code that projects it. And a region of its tiles.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleGeometry } from '../../src/bundles/index.js';
import {
  type CameraPose,
  cameraAxes,
  type LonLat,
  offsetLonLat,
  type RgbImage,
} from '../../src/geometry/index.js';
import type { Offset } from '../../src/places/index.js';
import type { Tile } from '../../src/search/index.js';
import { centredEncoder, writeTinyBundle } from './tiny-bundle.js';
import { CENTRE, publishTiles, seeded, versionBundleDir } from './tiny-region.js';

export const WAVY_GEOMETRY: BundleGeometry = {
  tileSizeM: 24,
  inputSizePx: 12,
  bevSizePx: 24,
  cameraHeightM: 2,
  searchMarginPx: 4,
  searchStepPx: 2,
};
/** Tiles a side, and between them, metres; their middle is at CENTRE. */
const [SIDE, STRIDE_M] = [13, 8];

const random = seeded(11);
/** For each channel some waves: of 8 to 25 m, in all directions. */
const WAVES = Array.from({ length: 3 }, () =>
  Array.from({ length: 6 }, () => {
    const [angle, perMetre] = [random() * 2 * Math.PI, (2 * Math.PI) / (8 + 17 * random())];
    const phase = random() * 2 * Math.PI;
    return { east: perMetre * Math.cos(angle), north: perMetre * Math.sin(angle), phase };
  }),
);

/** The ground's colour, 0 to 255. */
export function groundColour({ eastM, northM }: Offset): number[] {
  return WAVES.map((waves) => {
    const sum = waves.reduce((total, w) => total + Math.sin(w.east * eastM + w.north * northM + w.phase), 0);
    return 127.5 + (120 * sum) / waves.length;
  });
}

/** What a ray sees from a camera, its direction in the camera's own axes (right, forward, up); sky is grey. */
function seenAlong(
  [x, y, z]: readonly [number, number, number],
  camera: Offset,
  pose: CameraPose,
  heightM: number,
): readonly number[] {
  const { right, forward, up } = cameraAxes(pose);
  const [east, north, rise] = [0, 1, 2].map(
    (k) => x * (right[k] as number) + y * (forward[k] as number) + z * (up[k] as number),
  ) as [number, number, number];
  if (rise >= -1e-9) return [128, 128, 128];
  const along = heightM / -rise;
  return groundColour({ eastM: camera.eastM + along * east, northM: camera.northM + along * north });
}

function imageOf(
  widthPx: number,
  heightPx: number,
  colour: (u: number, v: number) => readonly number[],
): RgbImage {
  const pixels = new Uint8ClampedArray(widthPx * heightPx * 3);
  for (let k = 0; k < widthPx * heightPx; k++) {
    pixels.set(colour((k % widthPx) + 0.5, Math.floor(k / widthPx) + 0.5), 3 * k);
  }
  return { widthPx, heightPx, data: new Uint8Array(pixels.buffer) };
}

/** A full sphere, 2:1. */
export function panoramaOf(camera: Offset, pose: CameraPose, widthPx = 384, heightM = 2): RgbImage {
  return imageOf(widthPx, widthPx / 2, (u, v) => {
    const azimuth = (u / widthPx - 0.5) * 2 * Math.PI;
    const elevation = (0.5 - v / (widthPx / 2)) * Math.PI;
    const flat = Math.cos(elevation);
    const ray = [flat * Math.sin(azimuth), flat * Math.cos(azimuth), Math.sin(elevation)] as const;
    return seenAlong(ray, camera, pose, heightM);
  });
}

/** A perspective photo; `fovDeg` from its left edge to its right. */
export function photoOf(
  camera: Offset,
  pose: CameraPose,
  { widthPx = 400, heightPx = 300, fovDeg = 90, heightM = 2 } = {},
): RgbImage {
  const half = Math.tan((fovDeg * Math.PI) / 360);
  return imageOf(widthPx, heightPx, (u, v) => {
    const right = ((2 * u) / widthPx - 1) * half;
    const up = ((1 - (2 * v) / heightPx) * half * heightPx) / widthPx;
    return seenAlong([right, 1, up], camera, pose, heightM);
  });
}

/** Publishes SIDE x SIDE tiles of this ground, by a bundle whose encoder is the picture itself. */
export async function publishWavyGround(dataDir: string, region: string): Promise<void> {
  const { inputSizePx, tileSizeM } = WAVY_GEOMETRY;
  const dir = versionBundleDir(dataDir, region);
  await writeTinyBundle(dir, WAVY_GEOMETRY, { 'encoder.onnx': centredEncoder(inputSizePx) });
  const encoderSha256 = createHash('sha256')
    .update(await readFile(join(dir, 'encoder.onnx')))
    .digest('hex');
  const gsdM = tileSizeM / inputSizePx;
  const middle = inputSizePx / 2 - 0.5;
  const tiles: Tile[] = [];
  const descriptors: number[] = [];
  for (let k = 0; k < SIDE * SIDE; k++) {
    const centre = {
      eastM: ((k % SIDE) - (SIDE - 1) / 2) * STRIDE_M,
      northM: (Math.floor(k / SIDE) - (SIDE - 1) / 2) * STRIDE_M,
    };
    tiles.push({ tile: `t${k}`, ...onMap(centre), sizeM: tileSizeM, source: 'waves' });
    const values = [0, 1, 2].flatMap((channel) =>
      Array.from({ length: inputSizePx ** 2 }, (_, p) => {
        const eastM = centre.eastM + ((p % inputSizePx) - middle) * gsdM;
        const northM = centre.northM + (middle - Math.floor(p / inputSizePx)) * gsdM;
        return (groundColour({ eastM, northM })[channel] ?? 0) / 255 - 0.5;
      }),
    );
    const length = Math.hypot(...values);
    descriptors.push(...values.map((value) => value / length));
  }
  const bundle = { name: 'tiny', version: '1', encoderSha256 };
  await publishTiles(dataDir, region, { tiles, descriptors: Float32Array.from(descriptors), bundle });
}

/** A point of the ground on the map. */
export function onMap({ eastM, northM }: Offset): LonLat {
  return offsetLonLat(CENTRE, eastM, northM);
}
