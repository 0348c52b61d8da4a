// Writes RGB rasters as GeoTIFF: 512-pixel tiles, each a whole JPEG stream (TIFF Technical Note 2), with the
// georeference of the OGC GeoTIFF standard 1.1 (ModelPixelScale, ModelTiepoint, GeoKeyDirectory).
import { sharp } from 'skyfix/imaging';

export interface GeoTiffSource {
  readonly widthPx: number;
  readonly heightPx: number;
  /** [heightPx * widthPx * 3], row 0 northernmost. */
  readonly data: Uint8Array;
  /** Projected coordinates of the outer corner of the top left pixel. */
  readonly west: number;
  readonly north: number;
  readonly pixelM: number;
  /** EPSG code of a projected system in metres. */
  readonly epsg: number;
}

const TILE = 512;
const SHORT = 3;
const LONG = 4;
const DOUBLE = 12;

/** A GeoTIFF as bytes; `quality` is JPEG's 1..100. Classic TIFF: up to 4 GB. */
export async function encodeGeoTiff(source: GeoTiffSource, quality: number): Promise<Uint8Array> {
  const across = Math.ceil(source.widthPx / TILE);
  const down = Math.ceil(source.heightPx / TILE);
  const tiles: Uint8Array[] = [];
  for (let ty = 0; ty < down; ty++) {
    for (let tx = 0; tx < across; tx++) {
      tiles.push(
        await sharp(cutTile(source, tx * TILE, ty * TILE), {
          raw: { width: TILE, height: TILE, channels: 3 },
        })
          .jpeg({ quality, chromaSubsampling: '4:2:0' })
          .toBuffer(),
      );
    }
  }
  const keys = [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, source.epsg];
  const entries: readonly (readonly [number, number, readonly number[]])[] = [
    [256, LONG, [source.widthPx]],
    [257, LONG, [source.heightPx]],
    [258, SHORT, [8, 8, 8]],
    [259, SHORT, [7]],
    [262, SHORT, [6]],
    [277, SHORT, [3]],
    [284, SHORT, [1]],
    [322, LONG, [TILE]],
    [323, LONG, [TILE]],
    [324, LONG, tiles.map(() => 0)],
    [325, LONG, tiles.map((tile) => tile.length)],
    [530, SHORT, [2, 2]],
    [33550, DOUBLE, [source.pixelM, source.pixelM, 0]],
    [33922, DOUBLE, [0, 0, 0, source.west, source.north, 0]],
    [34735, SHORT, keys],
  ];
  return layOut(entries, tiles);
}

/** One tile of the source; pixels past the edge repeat the last ones, so that the JPEG stays small. */
function cutTile(source: GeoTiffSource, left: number, top: number): Uint8Array {
  const out = new Uint8Array(TILE * TILE * 3);
  for (let y = 0; y < TILE; y++) {
    const sy = Math.min(top + y, source.heightPx - 1);
    for (let x = 0; x < TILE; x++) {
      const sx = Math.min(left + x, source.widthPx - 1);
      const from = (sy * source.widthPx + sx) * 3;
      const to = (y * TILE + x) * 3;
      out[to] = source.data[from] as number;
      out[to + 1] = source.data[from + 1] as number;
      out[to + 2] = source.data[from + 2] as number;
    }
  }
  return out;
}

const BYTES: Record<number, number> = { [SHORT]: 2, [LONG]: 4, [DOUBLE]: 8 };

function layOut(
  entries: readonly (readonly [number, number, readonly number[]])[],
  tiles: readonly Uint8Array[],
): Uint8Array {
  const directory = 8;
  let free = directory + 2 + entries.length * 12 + 4;
  const places = entries.map(([, type, values]) => {
    const bytes = (BYTES[type] as number) * values.length;
    if (bytes <= 4) return -1;
    free += free % 2;
    const at = free;
    free += bytes;
    return at;
  });
  free += (4 - (free % 4)) % 4;
  const offsets = tiles.map((tile) => {
    const at = free;
    free += tile.length + (tile.length % 2);
    return at;
  });
  const out = new Uint8Array(free);
  const view = new DataView(out.buffer);
  view.setUint16(0, 0x4949, true);
  view.setUint16(2, 42, true);
  view.setUint32(4, directory, true);
  view.setUint16(directory, entries.length, true);
  entries.forEach(([tag, type, given], k) => {
    const values = tag === 324 ? offsets : given;
    const at = directory + 2 + k * 12;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, values.length, true);
    const place = places[k] as number;
    if (place >= 0) view.setUint32(at + 8, place, true);
    values.forEach((value, j) => {
      const to = (place >= 0 ? place : at + 8) + j * (BYTES[type] as number);
      if (type === SHORT) view.setUint16(to, value, true);
      else if (type === LONG) view.setUint32(to, value, true);
      else view.setFloat64(to, value, true);
    });
  });
  tiles.forEach((tile, k) => {
    out.set(tile, offsets[k] as number);
  });
  return out;
}
