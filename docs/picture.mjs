// npm run docs:picture: makes docs/answer.jpg, the picture in the README: a panorama that ships, its BEV, the generated
// view, and the imagery where skyfix says it was taken (red ring: the answer, white cross: where the camera stood).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { cutTile, openImagery } from 'skyfix/index';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PANORAMA = 'p00579';
const SIDE_PX = 256;
const GAP_PX = 8;

const skyfix = (...args) =>
  execFileSync(process.execPath, ['bin/skyfix.js', ...args], { cwd: ROOT, encoding: 'utf8' });
const scratch = mkdtempSync(join(tmpdir(), 'skyfix-picture-'));
try {
  const file = `demo/panoramas/${PANORAMA}.jpg`;
  const [bev, view] = ['bev', 'view'].map((what) => join(scratch, `${what}.png`));
  skyfix('bev', file, '--out', bev);
  skyfix('view', file, '--bundle', 'small-town', '--out', view);
  const [answer] = JSON.parse(skyfix('locate', file, '--top', '1', '--json')).results;
  const { geometry } = JSON.parse(readFileSync(join(ROOT, 'models/small-town/bundle.json'), 'utf8'));
  const shownPx = geometry.inputSizePx + 2 * (geometry.searchMarginPx ?? 0);
  const groundM = (geometry.tileSizeM * shownPx) / geometry.inputSizePx;
  const imagery = await openImagery(join(ROOT, 'demo/mosaic.tif'));
  const tile = await cutTile(imagery, answer, groundM, SIDE_PX);
  await imagery.close();
  mark(tile, SIDE_PX / 2, SIDE_PX / 2, ring, [230, 30, 30]);
  const [, lon, lat] = readFileSync(join(ROOT, 'demo/panoramas.csv'), 'utf8')
    .split('\n')
    .map((line) => line.split(','))
    .find(([name]) => name.includes(PANORAMA));
  const metresPerDeg = 111_320;
  const east = (lon - answer.lon) * metresPerDeg * Math.cos((lat * Math.PI) / 180);
  const north = (lat - answer.lat) * metresPerDeg;
  const pxPerM = SIDE_PX / groundM;
  mark(tile, SIDE_PX / 2 + east * pxPerM, SIDE_PX / 2 - north * pxPerM, cross, [255, 255, 255]);

  const square = (input) => sharp(input).resize(SIDE_PX, SIDE_PX).toBuffer();
  const raw = { width: SIDE_PX, height: SIDE_PX, channels: 3 };
  const panels = [
    await sharp(join(ROOT, file))
      .resize(2 * SIDE_PX, SIDE_PX)
      .toBuffer(),
    await square(bev),
    await square(view),
    await sharp(tile.data, { raw }).png().toBuffer(),
  ];
  let left = -GAP_PX;
  const layers = panels.map((input, k) => {
    const layer = { input, left: left + GAP_PX, top: 0 };
    left = layer.left + SIDE_PX * (k === 0 ? 2 : 1);
    return layer;
  });
  await sharp({ create: { width: left, height: SIDE_PX, channels: 3, background: 'white' } })
    .composite(layers)
    .jpeg({ quality: 85 })
    .toFile(join(ROOT, 'docs/answer.jpg'));
} finally {
  rmSync(scratch, { recursive: true });
}

/** Paints the pixels of an image of SIDE_PX for which shape(dx, dy), seen from x, y, is true. */
function mark({ data }, x, y, shape, colour) {
  for (let row = 0; row < SIDE_PX; row++) {
    for (let column = 0; column < SIDE_PX; column++) {
      if (shape(column + 0.5 - x, row + 0.5 - y)) data.set(colour, 3 * (row * SIDE_PX + column));
    }
  }
}

function ring(dx, dy) {
  return Math.abs(Math.hypot(dx, dy) - 12) < 1.5;
}

function cross(dx, dy) {
  return Math.min(Math.abs(dx), Math.abs(dy)) < 1 && Math.max(Math.abs(dx), Math.abs(dy)) < 8;
}
