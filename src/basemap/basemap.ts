// A basemap opened: squares of ground cut out of its deepest fitting zoom level, north up in true metres.
import { type FileHandle, open } from 'node:fs/promises';
import { PMTiles, type RangeResponse, type Source } from 'pmtiles';
import { messageOf, SkyfixError } from '../errors/index.js';
import { bilinearWeights, type LonLat, offsetLonLat, type RgbImage } from '../geometry/index.js';
import { decodeRgba } from '../imaging/index.js';
import { mercatorGsdM, TILE_PX, tileSideM, toMercator } from './mercator.js';

/** Ground, and where of it there is imagery. */
export interface GroundCut {
  readonly image: RgbImage;
  /** 0 or 1 a pixel. */
  readonly shown: Uint8Array;
}

/** A cut asks for no more tiles than this a side. */
const MOST_TILES_A_SIDE = 8;

export class Basemap {
  readonly path: string;
  readonly maxZoom: number;
  readonly #file: FileHandle;
  readonly #tiles: PMTiles;

  private constructor(path: string, file: FileHandle, tiles: PMTiles, maxZoom: number) {
    this.path = path;
    this.#file = file;
    this.#tiles = tiles;
    this.maxZoom = maxZoom;
  }

  /** Throws INDEX_CORRUPT for a file that is no archive of tiles. */
  static async open(path: string): Promise<Basemap> {
    const file = await open(path, 'r');
    try {
      const tiles = new PMTiles(new HandleSource(path, file));
      const { maxZoom } = await tiles.getHeader();
      return new Basemap(path, file, tiles, maxZoom);
    } catch (error) {
      await file.close();
      throw new SkyfixError('INDEX_CORRUPT', `${path} is no PMTiles archive (${messageOf(error)}).`, {
        cause: error,
      });
    }
  }

  /** Metres a pixel of its deepest level. */
  gsdM(latDeg: number): number {
    return mercatorGsdM(this.maxZoom, latDeg);
  }

  /** The north-up square of sizeM around a place as sizePx x sizePx pixels; bilinear. */
  async cut(centre: LonLat, sizeM: number, sizePx: number): Promise<GroundCut> {
    const zoom = this.#zoomFor(centre.lat, sizeM, sizePx);
    const window = await this.#windowOf(zoom, centre, sizeM);
    const image = { widthPx: sizePx, heightPx: sizePx, data: new Uint8Array(sizePx * sizePx * 3) };
    const shown = new Uint8Array(sizePx * sizePx);
    const half = sizeM / 2;
    for (let row = 0, k = 0; row < sizePx; row++) {
      const north = half - ((row + 0.5) * sizeM) / sizePx;
      // Along a row of true metres longitude grows evenly.
      const from = window.pixelOf(offsetLonLat(centre, -half, north));
      const to = window.pixelOf(offsetLonLat(centre, half, north));
      for (let column = 0; column < sizePx; column++, k++) {
        const x = from.x + ((column + 0.5) / sizePx) * (to.x - from.x);
        if (addSample(window, x, from.y, image.data, 3 * k)) shown[k] = 1;
      }
    }
    return { image, shown };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** The deepest level, or one above where a pixel of it would be smaller than half of one wanted, or too many are needed. */
  #zoomFor(latDeg: number, sizeM: number, sizePx: number): number {
    let zoom = this.maxZoom;
    const tooFine = () => mercatorGsdM(zoom, latDeg) < sizeM / sizePx / 2;
    const tooMany = () => sizeM / mercatorGsdM(zoom, latDeg) > MOST_TILES_A_SIDE * TILE_PX;
    while (zoom > 0 && (tooFine() || tooMany())) zoom--;
    return zoom;
  }

  /** The tiles that a square lies on, put together. */
  async #windowOf(zoom: number, centre: LonLat, sizeM: number): Promise<PixelWindow> {
    const count = 2 ** zoom;
    const middle = toMercator(centre);
    const half = sizeM / 2 / tileSideM(zoom, centre.lat) + MARGIN_PX / TILE_PX;
    const [left, right] = [Math.floor(middle.x * count - half), Math.floor(middle.x * count + half)];
    const [top, bottom] = [Math.floor(middle.y * count - half), Math.floor(middle.y * count + half)];
    const widthPx = (right - left + 1) * TILE_PX;
    const rgba = new Uint8Array(widthPx * (bottom - top + 1) * TILE_PX * 4);
    for (let y = Math.max(0, top); y <= Math.min(count - 1, bottom); y++) {
      for (let x = left; x <= right; x++) {
        const found = await this.#tiles.getZxy(zoom, ((x % count) + count) % count, y);
        if (!found) continue;
        const { data } = await decodeRgba(new Uint8Array(found.data));
        const corner = (y - top) * TILE_PX * widthPx + (x - left) * TILE_PX;
        for (let row = 0; row < TILE_PX; row++) {
          const line = data.subarray(row * TILE_PX * 4, (row + 1) * TILE_PX * 4);
          rgba.set(line, (corner + row * widthPx) * 4);
        }
      }
    }
    const pixelOf = (place: LonLat) => {
      const { x, y } = toMercator(place);
      // The short way from the middle: a square may lie on the antimeridian.
      const across = middle.x + (((x - middle.x + 1.5) % 1) - 0.5);
      return { x: (across * count - left) * TILE_PX, y: (y * count - top) * TILE_PX };
    };
    return { widthPx, rgba, pixelOf };
  }
}

/** Pixels around a square that its outermost samples may touch. */
const MARGIN_PX = 4;

interface PixelWindow {
  readonly widthPx: number;
  /** [rows, widthPx, 4]; transparent where there is no imagery. */
  readonly rgba: Uint8Array;
  /** Edge coordinates (pixel centres at +0.5). */
  pixelOf(place: LonLat): { readonly x: number; readonly y: number };
}

/**
 * Writes the colour at edge coordinates x, y between the four pixels around; where some are no imagery the others stand in.
 * False, and nothing written, where more than half of it is none.
 */
function addSample(
  { widthPx, rgba }: PixelWindow,
  x: number,
  y: number,
  out: Uint8Array,
  at: number,
): boolean {
  const [left, top] = [Math.floor(x - 0.5), Math.floor(y - 0.5)];
  const weights = bilinearWeights(x - 0.5 - left, y - 0.5 - top);
  let [red, green, blue, weight] = [0, 0, 0, 0];
  for (let n = 0; n < 4; n++) {
    const pixel = 4 * ((top + (n >> 1)) * widthPx + left + (n % 2));
    const share = ((rgba[pixel + 3] ?? 0) / 255) * (weights[n] ?? 0);
    if (share === 0) continue;
    weight += share;
    red += share * (rgba[pixel] ?? 0);
    green += share * (rgba[pixel + 1] ?? 0);
    blue += share * (rgba[pixel + 2] ?? 0);
  }
  if (weight < 0.5) return false;
  out[at] = Math.round(red / weight);
  out[at + 1] = Math.round(green / weight);
  out[at + 2] = Math.round(blue / weight);
  return true;
}

/** Bytes of an open file, as the pmtiles package asks for them. */
class HandleSource implements Source {
  readonly #key: string;
  readonly #file: FileHandle;

  constructor(key: string, file: FileHandle) {
    this.#key = key;
    this.#file = file;
  }

  getKey(): string {
    return this.#key;
  }

  async getBytes(offset: number, length: number): Promise<RangeResponse> {
    const buffer = new Uint8Array(length);
    const { bytesRead } = await this.#file.read(buffer, 0, length, offset);
    return { data: buffer.buffer.slice(0, bytesRead) };
  }
}
