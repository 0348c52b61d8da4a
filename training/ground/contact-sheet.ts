// The sheet that shows whether a geometry is right: of each pair the panorama, its BEV, the tile, and the BEV laid over the
// tile, all with north up and rings 10 and 20 m from the camera. Where the geometry is right, roads go on across the edges of
// the squares; where it is wrong, they jump.
import { type BundleGeometry, bevGeometryOf } from 'skyfix/bundles';
import { writeFileAtomic } from 'skyfix/files';
import { type Bev, BevTableCache, projectAveraged, type RgbImage } from 'skyfix/geometry';
import { type DecodedPanorama, encodePng, resizeImage } from 'skyfix/imaging';
import {
  type CrossViewDataset,
  type CrossViewPair,
  ImageReader,
  positiveOf,
  VIGOR_TILE_PX,
} from '../datasets/index.js';
import { captionSize, drawCaption, fillRect, imageSheet } from '../drawing/index.js';
import { decodeSource, panoramaSourceOf } from '../images/index.js';
import { unreadable } from './read-pairs.js';

const PANORAMA_PX = 512;
/** Side of BEV, tile and overlay. */
const SQUARE_PX = 256;
const BEV_SCALE = 2;
/** Squares of the overlay, by turns BEV and tile, pixels. */
const CHECK_PX = 32;
const RINGS_M = [10, 20] as const;
const GAP_PX = 4;
const YELLOW = [255, 220, 0] as const;
const BLACK = [0, 0, 0] as const;

/**
 * Writes a PNG, one pair a row: panorama (with its horizon and, above it, north), BEV, tile cropped to the geometry, and both
 * in squares by turns. Throws DATASET_INVALID with file and line where an image cannot be read.
 */
export async function writeContactSheet(
  path: string,
  dataset: CrossViewDataset,
  pairs: readonly CrossViewPair[],
  geometry: BundleGeometry,
): Promise<void> {
  const reader = new ImageReader();
  const tables = new BevTableCache();
  const square = { ...geometry, inputSizePx: SQUARE_PX, bevSizePx: BEV_SCALE * SQUARE_PX, searchMarginPx: 0 };
  const rows: (readonly RgbImage[])[] = [];
  try {
    for (const pair of pairs) {
      const row = await rowOf(dataset, pair, square, reader, tables).catch((error: unknown) => {
        throw unreadable(pair, error);
      });
      rows.push(row);
    }
  } finally {
    await reader.close();
  }
  const sheet = imageSheet(rows, { columns: 1, gapPx: GAP_PX, cellGapPx: GAP_PX });
  await writeFileAtomic(path, await encodePng(sheet));
}

async function rowOf(
  dataset: CrossViewDataset,
  pair: CrossViewPair,
  geometry: BundleGeometry,
  reader: ImageReader,
  tables: BevTableCache,
): Promise<readonly RgbImage[]> {
  const decoded = await decodeSource(panoramaSourceOf(dataset, pair), geometry);
  const { image, window, pose } = decoded;
  const seenFrom = bevGeometryOf(geometry, pair.cameraHeightM);
  const bev = projectAveraged(image, window, pose, seenFrom, BEV_SCALE, tables);
  const tile = await tileOf(pair, geometry, reader);
  const both = inTurns(bev, tile);
  for (const view of [bev.image, tile, both]) drawRings(view, geometry.tileSizeM);
  const { tileSizeM, cameraHeightM } = geometry;
  drawText(bev.image, `camera ${Number((pair.cameraHeightM ?? cameraHeightM).toFixed(2))} m`);
  drawText(tile, `${Number(tileSizeM.toFixed(1))} m`);
  return [await panoramaOf(decoded, pair.id), bev.image, tile, both];
}

/** The ground around the camera as the tile shows it, black beyond its edges. */
async function tileOf(
  pair: CrossViewPair,
  { tileSizeM }: BundleGeometry,
  reader: ImageReader,
): Promise<RgbImage> {
  const { tile, cameraPx } = positiveOf(pair);
  if (tile.image.kind === 'mosaic') return reader.tile({ ...tile.image, sizeM: tileSizeM }, SQUARE_PX);
  const sidePx = Math.max(1, Math.round(((tile.sizeM ?? tileSizeM) * SQUARE_PX) / tileSizeM));
  const whole = await resizeImage(await reader.file(tile.image.path), sidePx, sidePx);
  const corner = (camera: number) => Math.round((camera / VIGOR_TILE_PX) * sidePx - SQUARE_PX / 2);
  const { x, y } = cameraPx ?? { x: VIGOR_TILE_PX / 2, y: VIGOR_TILE_PX / 2 };
  const [left, top] = [corner(x), corner(y)];
  const data = new Uint8Array(SQUARE_PX * SQUARE_PX * 3);
  const [from, to] = [Math.max(0, left), Math.min(sidePx, left + SQUARE_PX)];
  for (let row = Math.max(0, top); row < Math.min(sidePx, top + SQUARE_PX); row++) {
    const source = whole.data.subarray((row * sidePx + from) * 3, (row * sidePx + to) * 3);
    data.set(source, ((row - top) * SQUARE_PX + from - left) * 3);
  }
  return { widthPx: SQUARE_PX, heightPx: SQUARE_PX, data };
}

async function panoramaOf({ image, window, pose }: DecodedPanorama, id: string): Promise<RgbImage> {
  const heightPx = Math.min(
    SQUARE_PX,
    Math.max(1, Math.round((PANORAMA_PX * image.heightPx) / image.widthPx)),
  );
  const small = await resizeImage(image, PANORAMA_PX, heightPx);
  const shown = { ...small, data: small.data.slice() };
  const { fullWidthPx, fullHeightPx, leftPx, topPx } = window;
  const horizon = Math.round(((fullHeightPx / 2 - topPx) * heightPx) / window.heightPx);
  for (let x = 0; x < PANORAMA_PX; x += 8) fillRect(shown, x, horizon, 4, 1, YELLOW);
  const turn = (((0.5 - pose.headingDeg / 360) % 1) + 1) % 1;
  const north = Math.round(((turn * fullWidthPx - leftPx) * PANORAMA_PX) / window.widthPx);
  drawNorth(shown, north, Math.min(heightPx - 12, Math.max(2, horizon - 14)));
  drawText(shown, id);
  return shown;
}

/** BEV and tile by turns, square by square; the tile where the BEV shows nothing. */
function inTurns({ image, mask }: Bev, tile: RgbImage): RgbImage {
  const data = tile.data.slice();
  for (let k = 0; k < mask.length; k++) {
    const [x, y] = [k % SQUARE_PX, Math.floor(k / SQUARE_PX)];
    const ofBev = (Math.floor(x / CHECK_PX) + Math.floor(y / CHECK_PX)) % 2 === 0;
    if (ofBev && mask[k]) data.set(image.data.subarray(k * 3, k * 3 + 3), k * 3);
  }
  return { ...tile, data };
}

/** Rings about the camera in the middle, the camera itself, and north. */
function drawRings(image: RgbImage, groundM: number): void {
  const middle = SQUARE_PX / 2;
  for (const ringM of RINGS_M) {
    const radiusPx = (ringM * SQUARE_PX) / groundM;
    const dots = Math.ceil(2 * Math.PI * radiusPx);
    for (let k = 0; k < dots; k++) {
      const angle = (2 * Math.PI * k) / dots;
      const x = Math.floor(middle + radiusPx * Math.sin(angle));
      const y = Math.floor(middle - radiusPx * Math.cos(angle));
      fillRect(image, x, y, 1, 1, k % 8 < 5 ? YELLOW : BLACK);
    }
  }
  fillRect(image, middle - 1, middle - 1, 3, 3, YELLOW);
  drawNorth(image, middle, 2);
}

function drawNorth(image: RgbImage, centreX: number, topPx: number): void {
  const { widthPx } = captionSize('N', 1);
  fillRect(image, centreX - widthPx / 2 - 1, topPx - 1, widthPx + 1, 10, BLACK);
  drawCaption(image, 'N', centreX - widthPx / 2, topPx, 1, YELLOW);
}

/** A line at the lower edge, on black. */
function drawText(image: RgbImage, line: string): void {
  const { heightPx } = captionSize(line, 1);
  const most = Math.floor(image.widthPx / captionSize('x', 1).widthPx);
  const shown = line.slice(0, most);
  const topPx = image.heightPx - heightPx - 1;
  fillRect(image, 0, topPx - 1, captionSize(shown, 1).widthPx + 2, heightPx + 2, BLACK);
  drawCaption(image, shown, 1, topPx, 1, YELLOW);
}
