// The catalogue of a version, catalogue.bin or, in older ones, catalogue.csv: written and read in pieces, since millions of
// tiles are more than one string holds.
import { stat } from 'node:fs/promises';
import { messageOf, SkyfixError } from '../errors/index.js';
import { csvField, writeFileAtomic } from '../files/index.js';
import { RequestWorker } from '../threads/index.js';
import { Catalogue } from './catalogue.js';
import { binaryCatalogue, readBinaryCatalogue } from './catalogue-binary.js';
import type { CatalogueRequests } from './catalogue-requests.js';
import { CATALOGUE_HEADER, readColumns } from './read-columns.js';
import type { Tile } from './types.js';

/** Larger files are read in a thread of their own: 60,000 tiles are some 100 ms of work. */
const THREAD_FROM_BYTES = 4 * 2 ** 20;
const PIECE_BYTES = 2 ** 18;

export interface ReadCatalogueOptions {
  /** Characters are read so many bytes at a time. */
  readonly pieceBytes?: number;
  readonly threadFromBytes?: number;
}

/** Sorting the places of fewer tiles takes less than the bytes of their tree are worth. */
const TREE_FROM_TILES = 20_000;

const BINARY = /\.bin$/;

/**
 * Reads catalogue.bin or catalogue.csv, as the name ends; where there is no catalogue.csv, the catalogue.bin beside it. Throws
 * INDEX_MISSING where it is not there, INDEX_CORRUPT with what is wrong, of the csv with its line.
 */
export async function readCatalogue(path: string, options: ReadCatalogueOptions = {}): Promise<Catalogue> {
  const { pieceBytes = PIECE_BYTES, threadFromBytes = THREAD_FROM_BYTES } = options;
  if (BINARY.test(path)) return new Catalogue(await readBinaryCatalogue(path));
  const file = await stat(path).catch(async (error: unknown) => {
    const binary = path.replace(/\.csv$/, '.bin');
    if (binary !== path && (await stat(binary).catch(() => undefined))) return undefined;
    throw new SkyfixError('INDEX_MISSING', `${path} cannot be read (${messageOf(error)}).`, { cause: error });
  });
  if (!file) return new Catalogue(await readBinaryCatalogue(path.replace(/\.csv$/, '.bin')));
  if (file.size < threadFromBytes) return new Catalogue({ columns: await readColumns(path, pieceBytes) });
  const script = new URL('./catalogue-worker.js', import.meta.url);
  const worker = new RequestWorker<CatalogueRequests>(script, { of: `the reader of ${path}` });
  try {
    return new Catalogue(await worker.ask('read', { path, pieceBytes }));
  } finally {
    await worker.close();
  }
}

const TILES_PER_PIECE = 4096;

/** catalogue.csv of these tiles in pieces; places keep 8 decimals (a millimetre). */
export function* cataloguePieces(tiles: Iterable<Tile>): Generator<string> {
  let lines = [CATALOGUE_HEADER];
  for (const { tile, lon, lat, sizeM, source } of tiles) {
    const place = [Number(lon.toFixed(8)), Number(lat.toFixed(8))];
    lines.push([csvField(tile), ...place, sizeM, csvField(source)].join(','));
    if (lines.length < TILES_PER_PIECE) continue;
    yield `${lines.join('\n')}\n`;
    lines = [];
  }
  if (lines.length > 0) yield `${lines.join('\n')}\n`;
}

/** The same as one text, for few tiles. */
export function formatCatalogue(tiles: Iterable<Tile>): string {
  return [...cataloguePieces(tiles)].join('');
}

/** Writes catalogue.csv or, where the name ends so, catalogue.bin; whole or not at all. Throws DISK_FULL. */
export function writeCatalogue(path: string, tiles: Iterable<Tile>): Promise<void> {
  return writeFileAtomic(path, BINARY.test(path) ? binaryOf(tiles) : cataloguePieces(tiles));
}

function binaryOf(tiles: Iterable<Tile>): Generator<Uint8Array> {
  const parts = new Catalogue(rounded(tiles)).parts;
  return binaryCatalogue(parts.columns.lons.length < TREE_FROM_TILES ? { columns: parts.columns } : parts);
}

/** The same places that catalogue.csv would have. */
function* rounded(tiles: Iterable<Tile>): Generator<Tile> {
  for (const tile of tiles) {
    yield { ...tile, lon: Number(tile.lon.toFixed(8)), lat: Number(tile.lat.toFixed(8)) };
  }
}
