// Imagery as a folder of web-mercator tiles, {z}/{x}/{y}.jpg|jpeg|png|webp: XYZ (y grows southwards) or TMS (northwards).
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromMercator, mercatorY, tileSideM } from '../../src/basemap/index.js';
import { messageOf } from '../../src/errors/index.js';
import { type Bounds, wrapLonDeg } from '../../src/geometry/index.js';
import { decodeRgba, splitAlpha } from '../../src/imaging/index.js';
import {
  BlockCache,
  type ImageryBlock,
  type ImageryLayer,
  type ImagerySource,
  unusable,
} from './port/index.js';

/** Where a place has several files the first of these counts. */
const EXTENSIONS = ['jpg', 'jpeg', 'png', 'webp'];
const TILE_FILE = /^(\d+)\.(jpg|jpeg|png|webp)$/i;
const CACHED_BLOCKS = 256;
/** Columns whose file names are kept. */
const CACHED_COLUMNS = 64;
const OPAQUE = 128;
const MOST_TILE_PX = 4096;

export interface XyzOptions {
  /** Zoom level to read; the deepest in the folder when absent. */
  readonly zoom?: number | undefined;
  /** True for TMS, where row 0 is the southernmost. */
  readonly tms?: boolean | undefined;
}

/** Numbers of the first and last, both included. */
interface Extent {
  readonly west: number;
  readonly east: number;
  readonly top: number;
  readonly bottom: number;
}

/** Opens a folder of tiles; IMAGERY_INVALID says what is missing. */
export async function openXyzFolder(dir: string, options: XyzOptions = {}): Promise<ImagerySource> {
  const zooms = await numberedFolders(dir);
  const zoom = options.zoom ?? Math.max(...zooms);
  if (!zooms.includes(zoom)) {
    throw unusable(
      dir,
      `it has no zoom level ${zoom}; it has ${zooms.sort((a, b) => a - b).join(', ') || 'none'}`,
    );
  }
  if (zoom > 30) throw unusable(dir, `a zoom level of ${zoom} is beyond 30`);
  const level = join(dir, String(zoom));
  const { columns, rows, sample } = await lookThrough(level);
  const count = 2 ** zoom;
  const beyond = [...columns, ...rows].find((number) => number >= count);
  if (beyond !== undefined)
    throw unusable(level, `it names column or row ${beyond}; zoom ${zoom} has ${count} of each`);
  const blockPx = await sideOf(sample);
  const extent = extentOf(columns, rows, count, options.tms === true);
  const bounds = boundsOfExtent(extent, count);
  const name = `${options.tms ? 'TMS' : 'XYZ'} folder, zoom ${zoom}`;
  const layer = layerOf(level, blockPx, count, options.tms === true, bounds);
  const midLat = (bounds[1] + bounds[3]) / 2;
  const other = options.tms ? 'without --tms' : 'with --tms';
  return {
    description: name,
    bounds,
    crs: 'EPSG:3857',
    gsdM: tileSideM(zoom, midLat) / blockPx,
    attribution: await attributionOf(dir),
    facts: [`tiles of ${blockPx} px in ${columns.length} columns and ${rows.size} rows`],
    warnings: [],
    otherReadings: [
      { how: other, bounds: boundsOfExtent(extentOf(columns, rows, count, !options.tms), count) },
      {
        how: 'with rows and columns swapped (ArcGIS writes z/y/x: rename the folders to z/x/y)',
        bounds: boundsOfExtent(extentOf([...rows], new Set(columns), count, options.tms === true), count),
      },
      {
        how: `with rows and columns swapped and ${other}`,
        bounds: boundsOfExtent(extentOf([...rows], new Set(columns), count, !options.tms), count),
      },
    ],
    layersNear: () => [layer],
    close: async () => {},
  };
}

/** What the metadata of a tile set says (TileJSON, or MBTiles' metadata as tools write it beside the tiles); no HTML of it. */
async function attributionOf(dir: string): Promise<string | undefined> {
  for (const name of ['tilejson.json', 'tiles.json', 'metadata.json']) {
    try {
      const { attribution } = JSON.parse(await readFile(join(dir, name), 'utf8')) as {
        attribution?: unknown;
      };
      if (typeof attribution !== 'string') continue;
      const plain = attribution
        .replace(/<[^>]*>/g, ' ')
        .replace(/\s+/g, ' ')
        .trim();
      if (plain !== '') return plain.slice(0, MOST_ATTRIBUTION);
    } catch {
      // Absent, or another file of that name.
    }
  }
  return undefined;
}

const MOST_ATTRIBUTION = 1000;

function layerOf(level: string, blockPx: number, count: number, tms: boolean, bounds: Bounds): ImageryLayer {
  const blocks = new BlockCache(CACHED_BLOCKS);
  const names = new ColumnNames(level);
  return {
    bounds,
    blockPx,
    periodPx: count * blockPx,
    toPixel: ({ lon, lat }) => {
      const x = (lon + 180) / 360;
      return [x * count * blockPx, mercatorY(lat) * count * blockPx];
    },
    block: (bx, by) => {
      const column = ((bx % count) + count) % count;
      const row = tms ? count - 1 - by : by;
      return blocks.get(`${column},${by}`, async () => {
        const file = (await names.of(column)).get(row);
        return file === undefined ? null : readTile(join(level, String(column), file), blockPx);
      });
    },
  };
}

/** File names by row, column by column as they are needed. */
class ColumnNames {
  readonly #level: string;
  readonly #columns = new Map<number, Promise<ReadonlyMap<number, string>>>();

  constructor(level: string) {
    this.#level = level;
  }

  of(column: number): Promise<ReadonlyMap<number, string>> {
    let names = this.#columns.get(column);
    if (names) this.#columns.delete(column);
    else names = filesOf(join(this.#level, String(column)));
    this.#columns.set(column, names);
    const oldest = this.#columns.keys().next().value;
    if (this.#columns.size > CACHED_COLUMNS && oldest !== undefined) this.#columns.delete(oldest);
    return names;
  }
}

/** Tile files of a column's folder by row; none where there is no such folder. */
async function filesOf(folder: string): Promise<ReadonlyMap<number, string>> {
  const files = new Map<number, string>();
  const rank = (name: string) => EXTENSIONS.indexOf(TILE_FILE.exec(name)?.[2]?.toLowerCase() ?? '');
  for (const name of await readdir(folder).catch(() => [])) {
    const row = TILE_FILE.exec(name)?.[1];
    if (row === undefined) continue;
    const known = files.get(Number(row));
    if (known === undefined || rank(name) < rank(known)) files.set(Number(row), name);
  }
  return files;
}

/** Which columns and rows there are, and the first tile's path. */
async function lookThrough(level: string) {
  const columns: number[] = [];
  const rows = new Set<number>();
  let sample: string | undefined;
  let stranger: string | undefined;
  for (const column of await numberedFolders(level)) {
    const folder = join(level, String(column));
    const files = await filesOf(folder);
    if (files.size === 0) stranger ??= (await readdir(folder).catch(() => []))[0];
    else columns.push(column);
    for (const [row, name] of files) {
      rows.add(row);
      sample ??= join(folder, name);
    }
  }
  if (sample === undefined) {
    const seen = stranger === undefined ? '' : ` (it has "${stranger}")`;
    throw unusable(
      level,
      `it holds no tile images ROW.jpg, .jpeg, .png or .webp in folders of columns${seen}`,
    );
  }
  return { columns, rows, sample };
}

async function numberedFolders(dir: string): Promise<number[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    throw unusable(dir, `it cannot be read (${messageOf(error)})`, error);
  });
  return entries
    .filter((entry) => /^\d+$/.test(entry.name) && (entry.isDirectory() || entry.isSymbolicLink()))
    .map((entry) => Number(entry.name));
}

async function sideOf(path: string): Promise<number> {
  const { widthPx, heightPx } = await decodedTile(path);
  if (widthPx !== heightPx || widthPx > MOST_TILE_PX) {
    throw unusable(path, `a tile of ${widthPx} x ${heightPx} px is no square of at most ${MOST_TILE_PX} px`);
  }
  return widthPx;
}

/** West and east by the widest gap between columns, since a row of tiles may cross the antimeridian. */
function extentOf(
  columns: readonly number[],
  rows: ReadonlySet<number>,
  count: number,
  tms: boolean,
): Extent {
  const sorted = [...columns].sort((a, b) => a - b);
  const [first = 0] = sorted;
  let [west, east] = [first, sorted[sorted.length - 1] ?? first];
  let widest = first + count - east;
  for (let k = 1; k < sorted.length; k++) {
    const [before, here] = [sorted[k - 1] ?? 0, sorted[k] ?? 0];
    if (here - before <= widest) continue;
    widest = here - before;
    [west, east] = [here, before];
  }
  let [top, bottom] = [Number.POSITIVE_INFINITY, 0];
  for (const row of rows) {
    top = Math.min(top, row);
    bottom = Math.max(bottom, row);
  }
  return tms ? { west, east, top: count - 1 - bottom, bottom: count - 1 - top } : { west, east, top, bottom };
}

function boundsOfExtent({ west, east, top, bottom }: Extent, count: number): Bounds {
  const lonOf = (column: number): number => (column / count) * 360 - 180;
  const latOf = (row: number): number => fromMercator({ x: 0, y: row / count }).lat;
  const whole = west === 0 && east === count - 1;
  const eastDeg = whole ? 180 : west <= east ? lonOf(east + 1) : wrapLonDeg(lonOf(east + 1));
  return [lonOf(west), latOf(bottom + 1), eastDeg, latOf(top)];
}

async function decodedTile(path: string) {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw unusable(path, `it cannot be read (${messageOf(error)})`, error);
  });
  try {
    return await decodeRgba(bytes);
  } catch (error) {
    throw unusable(path, `it is no image that can be decoded (${messageOf(error)})`, error);
  }
}

async function readTile(path: string, blockPx: number): Promise<ImageryBlock> {
  const decoded = await decodedTile(path);
  if (decoded.widthPx !== blockPx || decoded.heightPx !== blockPx) {
    throw unusable(path, `it is ${decoded.widthPx} x ${decoded.heightPx} px, others ${blockPx}`);
  }
  const { image, alpha } = splitAlpha(decoded);
  if (!alpha.some((value) => value < OPAQUE)) return { image };
  return { image, valid: alpha.map((value) => (value >= OPAQUE ? 1 : 0)) };
}
