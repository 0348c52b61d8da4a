// Pictures of no street at all, drawn: a room, and an animal before the camera. They need no more detail than what is left of a
// photo as a bird's-eye view: areas, edges, patterns.
import type { RgbImage } from '../src/geometry/index.js';
import type { Rng } from '../src/random/index.js';

type Colour = readonly [red: number, green: number, blue: number];

/** An image of `sizeOf`'s size whose pixel at column and row is what `colourAt` says of it, with a little noise. */
function drawn(
  { widthPx, heightPx }: Pick<RgbImage, 'widthPx' | 'heightPx'>,
  rng: Rng,
  colourAt: (x: number, y: number) => Colour,
): RgbImage {
  const data = new Uint8Array(3 * widthPx * heightPx);
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const noise = rng.int(-NOISE, NOISE);
      for (const value of colourAt(x, y)) data[at++] = Math.max(0, Math.min(255, Math.round(value + noise)));
    }
  }
  return { widthPx, heightPx, data };
}

const NOISE = 4;

const scaled = ([red, green, blue]: Colour, by: number): Colour => [red * by, green * by, blue * by];
const anyColour = (rng: Rng): Colour => [rng.int(40, 230), rng.int(40, 230), rng.int(40, 230)];

/** Metres. */
const CEILING_M = 2.6;
const CAMERA_M = 1.5;

/** A box of four walls around the camera, with boards on the floor, a carpet, and furniture before the walls. */
export function drawRoom(size: Pick<RgbImage, 'widthPx' | 'heightPx'>, rng: Rng): RgbImage {
  const [halfWidthM, halfDepthM] = [rng.range(1.5, 4), rng.range(1.5, 4)];
  const [wall, floor, carpet] = [anyColour(rng), anyColour(rng), anyColour(rng)];
  const boardM = rng.range(0.08, 0.25);
  const carpetM = rng.range(0.5, 1.4);
  const furniture = Array.from({ length: rng.int(4, 9) }, () => ({
    from: rng.int(0, 359),
    width: rng.int(10, 50),
    heightM: rng.range(0.4, 2),
    colour: anyColour(rng),
  }));
  const onFloor = (eastM: number, northM: number): Colour => {
    if (Math.max(Math.abs(eastM), Math.abs(northM)) < carpetM) return carpet;
    const board = Math.floor(eastM / boardM);
    return scaled(
      floor,
      0.8 + 0.2 * Math.abs(Math.sin(board * 12.9898 + Math.floor(northM / 1.2 + board * 0.37))),
    );
  };
  return drawn(size, rng, (x, y) => {
    const azimuth = (2 * Math.PI * (x + 0.5)) / size.widthPx;
    const rise = Math.tan(Math.PI * (0.5 - (y + 0.5) / size.heightPx));
    const [east, north] = [Math.sin(azimuth), Math.cos(azimuth)];
    // To the wall: the nearer of the two that this direction meets.
    const wallM = Math.min(halfWidthM / Math.abs(east), halfDepthM / Math.abs(north));
    const heightM = CAMERA_M + wallM * rise;
    const degrees = (180 * azimuth) / Math.PI;
    const before = furniture.find(({ from, width }) => (degrees - from + 360) % 360 < width);
    if (before && heightM < before.heightM && heightM > -0.4) return before.colour;
    if (heightM > CEILING_M) return [235, 232, 225];
    if (heightM >= 0) return scaled(wall, 0.75 + 0.25 * Math.abs(Math.cos(azimuth)));
    const floorM = -CAMERA_M / rise;
    return onFloor(floorM * east, floorM * north);
  });
}

/** A head with ears, eyes and stripes that fills most of the picture, before something blurred. */
export function drawAnimal(size: Pick<RgbImage, 'widthPx' | 'heightPx'>, rng: Rng): RgbImage {
  const { widthPx, heightPx } = size;
  const [fur, behind] = [anyColour(rng), anyColour(rng)];
  const [centreX, centreY] = [widthPx * rng.range(0.3, 0.7), heightPx * 0.58];
  const radius = heightPx * rng.range(0.3, 0.42);
  const stripes = rng.int(5, 14);
  const inside = (x: number, y: number, cx: number, cy: number, rx: number, ry: number) =>
    ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 < 1;
  return drawn(size, rng, (x, y) => {
    const [right, down] = [(x - centreX) / radius, (y - centreY) / radius];
    for (const side of [-1, 1]) {
      if (inside(right, down, 0.4 * side, -0.15, 0.07, 0.16)) return [15, 15, 15];
      if (inside(right, down, 0.4 * side, -0.15, 0.2, 0.18)) return [190, 200, 90];
    }
    if (inside(right, down, 0, 0.25, 0.12, 0.08)) return [200, 130, 130];
    const ear = down < -0.6 && down > -1.35 && Math.abs(Math.abs(right) - 0.6) < 0.4 * (down + 1.35);
    const body = inside(right, down, 0, 1.6, 1.4, 1.1);
    if (ear || body || inside(right, down, 0, 0, 1.05, 0.95)) {
      return scaled(fur, 0.7 + 0.3 * Math.sin(stripes * (right + 0.6 * down ** 2)));
    }
    const blur = Math.sin((3 * x) / heightPx) * Math.cos((5 * y) / heightPx);
    return scaled(behind, 0.8 + 0.2 * blur);
  });
}
