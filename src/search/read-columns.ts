// The lines of catalogue.csv, checked, to columns.
import { createReadStream } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf, SkyfixError } from '../errors/index.js';
import { type CsvRow, csvRowsInPieces } from '../files/index.js';
import { DistinctNames, type TileColumns, TileColumnsBuilder } from './tile-columns.js';
import type { Tile } from './types.js';

export const CATALOGUE_HEADER = 'tile,lon,lat,sizeM,source';

/** The tiles of a file. Throws INDEX_CORRUPT. */
export async function readColumns(path: string, pieceBytes: number): Promise<TileColumns> {
  const builder = new TileColumnsBuilder();
  const names = new DistinctNames();
  let header: string | undefined;
  try {
    const pieces = createReadStream(path, { encoding: 'utf8', highWaterMark: pieceBytes });
    for await (const rows of csvRowsInPieces(pieces)) {
      for (const row of rows) {
        if (header === undefined) {
          header = row.fields.join(',');
          if (header !== CATALOGUE_HEADER)
            throw new Error(`line 1 is "${header}", not "${CATALOGUE_HEADER}"`);
          continue;
        }
        const tile = tileOf(row);
        if (tile.tile === '' || !names.add(tile.tile)) {
          throw new Error(`line ${row.line}: tile "${tile.tile}" is empty or named twice`);
        }
        builder.add(tile);
      }
      await nextTurn();
    }
    if (header === undefined) throw new Error('it is empty');
  } catch (error) {
    throw new SkyfixError('INDEX_CORRUPT', `${path}: ${messageOf(error)}.`, { cause: error });
  }
  return builder.finish();
}

function tileOf({ line, fields }: CsvRow): Tile {
  const [tile = '', lonText, latText, sizeText, source = ''] = fields;
  const [lon, lat, sizeM] = [numberOf(lonText), numberOf(latText), numberOf(sizeText)];
  if (fields.length !== 5) throw new Error(`line ${line} has ${fields.length} fields, not 5`);
  if (!(Math.abs(lon) <= 180)) throw new Error(`line ${line}: lon is "${lonText}"`);
  if (!(Math.abs(lat) <= 90)) throw new Error(`line ${line}: lat is "${latText}"`);
  if (!(sizeM > 0)) throw new Error(`line ${line}: sizeM is "${sizeText}"`);
  return { tile, lon, lat, sizeM, source };
}

/** A finite number written in the field; NaN for everything else, the empty field included. */
export function numberOf(text: string | undefined): number {
  if (text === undefined || text.trim() === '') return Number.NaN;
  const value = Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}
