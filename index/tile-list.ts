// Tiles from a list of image files.
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, SkyfixError } from '../src/errors/index.js';
import { parseCsv, sha256OfBytes, sha256OfFile } from '../src/files/index.js';
import { decodeImage, decodeRgba, type RgbaImage, resizeImage, splitAlpha } from '../src/imaging/index.js';
import { numberOf, type Tile } from '../src/search/index.js';
import { alongCurveOfPlace, curveOrder } from './hilbert.js';
import { type CutTile, MISSING_SHARE } from './imagery/index.js';
import type { TileSource } from './tile-source.js';

const HEADER = 'tile,lon,lat,sizeM,file';
const AT_ONCE = 16;
/** A tile may be so much smaller than the bundle's, or its sides differ by so much. */
const SIZE_TOLERANCE = 0.02;
const OPAQUE = 128;

interface ListedTile extends Tile {
  readonly line: number;
}

/**
 * Tiles from a CSV with the header tile,lon,lat,sizeM,file: north-up square images, paths relative to the CSV. An image that
 * shows more ground than tileSizeM is cut to it around its middle; one that shows less is an error. Throws TILES_CSV_INVALID
 * naming the line; an image that cannot be read is an error, not a gap.
 */
export async function openTilesCsv(path: string, tileSizeM?: number): Promise<TileSource> {
  const fail = (what: string, cause?: unknown) =>
    new SkyfixError('TILES_CSV_INVALID', `${path}: ${what}.`, { cause });
  const { tiles, text } = await readList(path, fail);
  const [first] = tiles;
  if (!first) throw fail('it lists no tiles');
  const sizeM = tileSizeM ?? first.sizeM;
  const small = tiles.find((tile) => tile.sizeM < sizeM * (1 - SIZE_TOLERANCE));
  if (small) throw fail(`line ${small.line}: sizeM is ${small.sizeM}, less than the tile of ${sizeM} m`);
  const folder = dirname(path);
  const files = await stats(tiles.map(({ source }) => resolve(folder, source)));
  const missing = tiles.filter((_, k) => files[k] === undefined);
  const [gone] = missing;
  if (gone) {
    const others = missing.length > 1 ? ` (and ${missing.length - 1} others are missing)` : '';
    throw fail(`line ${gone.line}: ${gone.source} cannot be read: there is no such file${others}`);
  }
  const order = curveOrder(Float64Array.from(tiles, alongCurveOfPlace));
  const at = (number: number) => tiles[order[number] ?? -1] ?? first;
  return {
    count: tiles.length,
    sizeM,
    strideM: null,
    description: `tile list of ${tiles.length} images`,
    digest: sha256OfBytes(`${resolve(path)}\n${sizeM}\n${text}\n${files.join('\n')}`),
    placesDigest: sha256OfBytes(
      new Uint8Array(Float64Array.from(tiles.flatMap(({ lon, lat }) => [lon, lat])).buffer),
    ),
    facts: [`tiles: ${tiles.length} images listed in ${path}, ${sizeM} m each`],
    warnings: sizeWarnings(tiles, sizeM),
    tile: (number) => {
      const { line: _, ...tile } = at(number);
      return { ...tile, sizeM };
    },
    // Places may be far apart, or the same: a batch is a run of the list.
    position: (number) => number,
    contentDigest: async () => {
      const contents = [text];
      for (const { source } of tiles) contents.push(await sha256OfFile(resolve(folder, source)));
      return sha256OfBytes(contents.join('\n'));
    },
    image: async (number, sizePx) => {
      const tile = at(number);
      try {
        const bytes = await readFile(resolve(folder, tile.source));
        const decoded = await decodeRgba(bytes);
        checkSquare(decoded, tile, fail);
        return await cutToSize(bytes, decoded, Math.min(1, sizeM / tile.sizeM), sizePx);
      } catch (error) {
        if (error instanceof SkyfixError && error.code === 'TILES_CSV_INVALID') throw error;
        throw fail(`line ${tile.line}: ${tile.source} cannot be read (${messageOf(error)})`, error);
      }
    },
    close: async () => {},
  };
}

async function readList(path: string, fail: (what: string, cause?: unknown) => SkyfixError) {
  let text: string;
  let rows: ReturnType<typeof parseCsv>;
  try {
    text = await readFile(path, 'utf8');
    rows = parseCsv(text);
  } catch (error) {
    throw fail(messageOf(error), error);
  }
  const header = rows
    .shift()
    ?.fields.map((field) => field.trim())
    .join(',');
  if (header !== HEADER) throw fail(`line 1 is "${header ?? ''}", not "${HEADER}"`);
  const seen = new Set<string>();
  const tiles = rows.map(({ line, fields }): ListedTile => {
    const [tile = '', lonText, latText, sizeText, source = ''] = fields.map((field) => field.trim());
    const [lon, lat, sizeM] = [numberOf(lonText), numberOf(latText), numberOf(sizeText)];
    if (fields.length !== 5) throw fail(`line ${line} has ${fields.length} fields, not 5`);
    if (tile === '' || seen.has(tile)) throw fail(`line ${line}: tile "${tile}" is empty or named twice`);
    if (!(Math.abs(lon) <= 180)) throw fail(`line ${line}: lon is "${lonText}"`);
    if (!(Math.abs(lat) <= 90)) throw fail(`line ${line}: lat is "${latText}"`);
    if (!(sizeM > 0)) throw fail(`line ${line}: sizeM is "${sizeText}"`);
    if (source === '') throw fail(`line ${line} names no file`);
    seen.add(tile);
    return { tile, lon, lat, sizeM, source, line };
  });
  return { tiles, text };
}

/** Size and time of change of each file, or undefined: an index that goes on rests on them. */
async function stats(paths: readonly string[]): Promise<readonly (string | undefined)[]> {
  const found: (string | undefined)[] = Array.from({ length: paths.length }, () => undefined);
  const entries = paths.entries();
  const worker = async () => {
    for (const [k, path] of entries) {
      const entry = await stat(path).catch(() => undefined);
      if (entry?.isFile()) found[k] = `${entry.size} ${entry.mtimeMs}`;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return found;
}

function sizeWarnings(tiles: readonly ListedTile[], sizeM: number): string[] {
  const larger = tiles.filter((tile) => tile.sizeM > sizeM * (1 + SIZE_TOLERANCE));
  const [one] = larger;
  if (!one) return [];
  return [
    `${larger.length} of ${tiles.length} listed tiles show more ground than ${sizeM} m (line ${one.line}: ${one.sizeM} m); ` +
      'their middles are taken.',
  ];
}

function checkSquare(
  { widthPx, heightPx }: RgbaImage,
  tile: ListedTile,
  fail: (what: string) => SkyfixError,
): void {
  if (Math.abs(widthPx / heightPx - 1) <= SIZE_TOLERANCE) return;
  throw fail(`line ${tile.line}: ${tile.source} is ${widthPx} x ${heightPx} pixels, not square`);
}

/** The middle `share` of a picture's sides, scaled; null where more than 2 % of it is transparent. */
async function cutToSize(
  bytes: Uint8Array,
  decoded: RgbaImage,
  share: number,
  sizePx: number,
): Promise<CutTile> {
  const { image, alpha } = splitAlpha(middleOf(decoded, share));
  let clear = 0;
  for (const value of alpha) if (value < OPAQUE) clear++;
  const missingShare = clear / alpha.length;
  if (missingShare > MISSING_SHARE) return { image: null, missingShare };
  // A whole picture is scaled while it is decoded: other bits, and those that indexes were made with.
  const whole = share === 1 && clear === 0;
  const scaled = whole
    ? await decodeImage(bytes, { widthPx: sizePx, heightPx: sizePx })
    : await resizeImage(image, sizePx, sizePx);
  return { image: scaled, missingShare };
}

function middleOf({ widthPx, heightPx, data }: RgbaImage, share: number): RgbaImage {
  const [width, height] = [
    Math.max(1, Math.round(widthPx * share)),
    Math.max(1, Math.round(heightPx * share)),
  ];
  if (width === widthPx && height === heightPx) return { widthPx, heightPx, data };
  const [left, top] = [Math.round((widthPx - width) / 2), Math.round((heightPx - height) / 2)];
  const out = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * widthPx + left) * 4;
    out.set(data.subarray(from, from + width * 4), y * width * 4);
  }
  return { widthPx: width, heightPx: height, data: out };
}
