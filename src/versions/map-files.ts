// What a version may hold beside its index, for maps: a basemap of its imagery, and the outline of its area.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Basemap } from '../basemap/index.js';
import { messageOf, SkyfixError } from '../errors/index.js';
import type { IndexManifest } from './manifest.js';

export const BASEMAP_FILE = 'basemap.pmtiles';
export const AREA_FILE = 'area.geojson';

/** A GeoJSON geometry (RFC 7946); longitude first, rings closed. */
export interface Outline {
  readonly type: 'MultiPolygon';
  readonly coordinates: readonly (readonly (readonly (readonly [lon: number, lat: number])[])[])[];
}

export interface MapFiles {
  /** Undefined where the version was built without. */
  readonly basemap: Basemap | undefined;
  /** Of the area that the index was built of; undefined where it was all of the imagery. */
  readonly outline: Outline | undefined;
}

/** Opens what the manifest names. Throws INDEX_CORRUPT. */
export async function openMapFiles(dir: string, { files }: Pick<IndexManifest, 'files'>): Promise<MapFiles> {
  const outline = files[AREA_FILE] ? await readOutline(join(dir, AREA_FILE)) : undefined;
  const basemap = files[BASEMAP_FILE] ? await Basemap.open(join(dir, BASEMAP_FILE)) : undefined;
  return { basemap, outline };
}

async function readOutline(path: string): Promise<Outline> {
  try {
    const json = JSON.parse(await readFile(path, 'utf8')) as Outline;
    if (json.type === 'MultiPolygon' && Array.isArray(json.coordinates)) return json;
    throw new Error(`it is a ${String(json.type)}`);
  } catch (error) {
    throw new SkyfixError('INDEX_CORRUPT', `${path} is no GeoJSON MultiPolygon (${messageOf(error)}).`, {
      cause: error,
    });
  }
}
