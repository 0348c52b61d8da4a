// Geotagged panoramas of flat ground and imagery beside them, as a GeoTIFF or a folder of tiles, in town metres.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { DEFAULT_PHOTOS } from '../../datasets/index.js';
import { ORIGIN, TOWN_EPSG, toLonLat } from '../../town/overhead/georeference.js';
import { encodeGeoTiff } from '../../town/overhead/geotiff-writer.js';
import { encodePanorama } from '../../town/street/camera-file.js';

/** Tiles of 20 m at 1 m a pixel. */
export const PHOTO_GEOMETRY = { tileSizeM: 20, inputSizePx: 20, bevSizePx: 40, cameraHeightM: 2 };
/** How tiles of that geometry are cut around photos. */
export const PHOTO_TILES = { ...DEFAULT_PHOTOS, tileSizeM: 20, marginM: 4, tilePx: 20 };

/** Imagery of sideM x sideM metres from the town's corner, in which every place looks different; 1 m a pixel. */
export async function writeImagery(path: string, sideM: number): Promise<void> {
  const data = new Uint8Array(sideM * sideM * 3);
  for (let k = 0; k < sideM * sideM; k++)
    data.set([k % 251, Math.floor(k / sideM) % 241, (k * 7) % 239], k * 3);
  const place = { west: ORIGIN.east, north: ORIGIN.north + sideM, pixelM: 1, epsg: TOWN_EPSG };
  await writeFile(path, await encodeGeoTiff({ widthPx: sideM, heightPx: sideM, data, ...place }, 90));
}

/** A panorama taken at a place in town metres, with its position and heading. */
export function photo(x: number, y: number, headingDeg = 0): Promise<Uint8Array> {
  const rgb = new Uint8Array(64 * 32 * 3).fill(90);
  for (let k = 0; k < 64; k++) rgb[(31 * 64 + k) * 3] = 4 * k;
  return encodePanorama(rgb, 64, { headingDeg, pitchDeg: 0, rollDeg: 0, ...toLonLat(x, y) });
}

/** The same without its position: XMP is kept, EXIF is not. */
export async function withoutGps(withGps: Uint8Array): Promise<Uint8Array> {
  const { xmpAsString } = await sharp(withGps).metadata();
  return sharp(withGps)
    .withXmp(xmpAsString ?? '')
    .toBuffer();
}

const ZOOM = 17;

/** The file of the web-mercator tile that a place in town metres is in; rows from the south with `tms`. */
export function xyzPath(root: string, x: number, y: number, tms = false): string {
  const { lon, lat } = toLonLat(x, y);
  const count = 2 ** ZOOM;
  const column = Math.floor(((lon + 180) / 360) * count);
  const phi = (lat * Math.PI) / 180;
  const row = Math.floor(((1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2) * count);
  return join(root, `${ZOOM}/${column}/${tms ? count - 1 - row : row}.png`);
}

/** A tile of one colour. */
export async function writeXyzTile(path: string, background: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const tile = { create: { width: 256, height: 256, channels: 3, background } } as const;
  await writeFile(path, await sharp(tile).png().toBuffer());
}

/** A folder of grey tiles, about 200 m wide each, that covers the ground from (0, 0) to (sideM, sideM). */
export async function writeXyzFolder(root: string, sideM: number, tms = false): Promise<void> {
  const paths = new Set<string>();
  for (let y = 0; y <= sideM; y += 50)
    for (let x = 0; x <= sideM; x += 50) paths.add(xyzPath(root, x, y, tms));
  for (const path of paths) await writeXyzTile(path, '#808080');
}
