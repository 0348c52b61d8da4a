// The places of a town that "skyfix-train town" made.
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';
import { sha256OfFile } from 'skyfix/files';
import type { LonLat } from 'skyfix/geometry';
import type { Split } from '../../common/index.js';
import { readCsvList } from '../listing/lists.js';

export type { Split };

/** One camera position; lon and lat are the true ones. */
export interface Place extends LonLat {
  readonly id: string;
  readonly file: string;
  readonly split: Split;
  /** The true one; the file's metadata err. */
  readonly headingDeg: number;
  /** Kind of built-up area, where the list has it. */
  readonly district?: string;
}

export interface Town {
  readonly dir: string;
  /** Digest of the places and of the mosaic: part of every cache key. */
  readonly digest: string;
  readonly places: readonly Place[];
}

/** Reads places.csv of a town folder; DATASET_INVALID names the line. */
export async function readTown(dir: string): Promise<Town> {
  const path = join(dir, 'places.csv');
  const [header, ...rows] = await readCsvList(path);
  const columns = (header?.fields ?? []).map((name) => name.trim());
  const places = rows.map(({ line, fields }) => {
    const cell = (name: string): string => {
      const value = fields[columns.indexOf(name)]?.trim();
      if (value === undefined || value === '') {
        throw new SkyfixError('DATASET_INVALID', `${path} line ${line} has no "${name}".`);
      }
      return value;
    };
    const numberCell = (name: string): number => {
      const value = Number(cell(name));
      if (!Number.isFinite(value)) {
        throw new SkyfixError('DATASET_INVALID', `${path} line ${line}: "${name}" is "${cell(name)}".`);
      }
      return value;
    };
    const split = cell('split');
    if (split !== 'train' && split !== 'validation' && split !== 'test') {
      throw new SkyfixError('DATASET_INVALID', `${path} line ${line}: split is "${split}".`);
    }
    return {
      id: cell('id'),
      file: join(dir, cell('file')),
      split,
      lon: numberCell('lon'),
      lat: numberCell('lat'),
      headingDeg: numberCell('headingDeg'),
      ...(columns.includes('district') && { district: cell('district') }),
    } satisfies Place;
  });
  const digest = `${await sha256OfFile(path)}:${await sha256OfFile(join(dir, 'mosaic.tif'))}`;
  return { dir, digest, places };
}
