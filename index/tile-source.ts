// Where an index's tiles come from: a grid over imagery, or a list of image files.
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, SkyfixError } from '../src/errors/index.js';
import { parseCsv, sha256OfBytes } from '../src/files/index.js';
import type { RgbImage } from '../src/geometry/index.js';
import { decodeImage } from '../src/imaging/index.js';
import { numberOf, type Tile } from '../src/search/index.js';
import { readArea } from './area.js';
import { gridCentres } from './grid.js';
import { cutTile, type ImageryOptions, imageryIdentity, openImagery } from './imagery/index.js';

/** Tiles by number. */
export interface TileSource {
  readonly count: number;
  readonly sizeM: number;
  /** Null where the tiles follow no grid. */
  readonly strideM: number | null;
  readonly description: string;
  /** Changes with anything that changes the tiles; a build that was interrupted goes on only where it is the same. */
  readonly digest: string;
  tile(number: number): Tile;
  /** The tile's pixels, north up; null where there is no imagery. */
  image(number: number, sizePx: number): Promise<RgbImage | null>;
  close(): Promise<void>;
}

export interface GridOptions {
  /** GeoTIFF file, or folder of XYZ/TMS tiles. */
  readonly imagery: string;
  readonly imageryOptions?: ImageryOptions | undefined;
  readonly tileSizeM: number;
  readonly strideM: number;
  /** GeoJSON file; tiles whose centre lies in it. Everything when absent. */
  readonly areaGeoJson?: string | undefined;
}

/** Tiles every strideM metres over imagery. Throws PARAMETER_INVALID, IMAGERY_INVALID. */
export async function openGrid(options: GridOptions): Promise<TileSource> {
  const { imagery, imageryOptions = {}, tileSizeM, strideM } = options;
  if (!(tileSizeM > 0 && strideM > 0)) {
    throw new SkyfixError(
      'PARAMETER_INVALID',
      `Tile size ${tileSizeM} m and stride ${strideM} m must be over 0.`,
    );
  }
  const area = options.areaGeoJson === undefined ? undefined : await readArea(options.areaGeoJson);
  const source = await openImagery(imagery, imageryOptions);
  try {
    const centres = gridCentres(source.bounds, tileSizeM, strideM, area);
    if (centres.count === 0) {
      throw new SkyfixError('IMAGERY_INVALID', `No tile of ${tileSizeM} m lies in ${source.description}.`);
    }
    const identity = await imageryIdentity(imagery);
    const places = new Uint8Array(centres.lonLats.buffer);
    const digest = sha256OfBytes(
      JSON.stringify([source.description, ...identity, tileSizeM, strideM, sha256OfBytes(places)]),
    );
    return {
      count: centres.count,
      sizeM: tileSizeM,
      strideM,
      description: source.description,
      digest,
      tile: (number) => ({
        tile: centres.name(number),
        ...centres.place(number),
        sizeM: tileSizeM,
        source: source.description,
      }),
      image: (number, sizePx) => cutTile(source, centres.place(number), tileSizeM, sizePx),
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

const HEADER = 'tile,lon,lat,sizeM,file';

/**
 * Tiles from a CSV with the header tile,lon,lat,sizeM,file: north-up square images, paths relative to the CSV.
 * Throws TILES_CSV_INVALID naming the line; an image that cannot be read is an error, not a gap.
 */
export async function openTilesCsv(path: string): Promise<TileSource> {
  const fail = (what: string, cause?: unknown) =>
    new SkyfixError('TILES_CSV_INVALID', `${path}: ${what}.`, { cause });
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
  const tiles = rows.map(({ line, fields }): Tile & { line: number } => {
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
  const [first] = tiles;
  if (!first) throw fail('it lists no tiles');
  const at = (number: number) => tiles[number] ?? first;
  return {
    count: tiles.length,
    sizeM: first.sizeM,
    strideM: null,
    description: `tile list of ${tiles.length} images`,
    digest: sha256OfBytes(`${resolve(path)}\n${text}`),
    tile: (number) => {
      const { line: _, ...tile } = at(number);
      return tile;
    },
    image: async (number, sizePx) => {
      const { source, line } = at(number);
      try {
        const bytes = await readFile(resolve(dirname(path), source));
        return await decodeImage(bytes, { widthPx: sizePx, heightPx: sizePx });
      } catch (error) {
        throw fail(`line ${line}: ${source} cannot be read (${messageOf(error)})`, error);
      }
    },
    close: async () => {},
  };
}
