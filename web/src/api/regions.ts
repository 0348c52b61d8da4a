// GET /regions: what this server can answer for, and the outline of each.
import { authorization } from './key.js';
import type { Outline, Region } from './types.js';

/** The server asks for a key, or for another one. */
export class KeyAsked extends Error {}

const KEY_STATUSES: readonly number[] = [401, 403];

/** Throws KeyAsked, and where the server cannot be reached or says something else. */
export async function readRegions(): Promise<readonly Region[]> {
  const response = await fetch(new URL('regions', document.baseURI), {
    headers: { accept: 'application/json', ...authorization() },
  });
  if (KEY_STATUSES.includes(response.status)) throw new KeyAsked();
  if (!response.ok) throw new Error(`GET /regions: ${response.status}`);
  const { regions } = (await response.json()) as { regions: readonly Region[] };
  return regions;
}

/** Undefined where the server does not tell: the box around the region's tiles then stands for it. */
export async function readOutline(name: string): Promise<Outline | undefined> {
  try {
    const response = await fetch(new URL(`regions/${name}`, document.baseURI), {
      headers: authorization(),
    });
    const { geometry } = (await response.json()) as { geometry?: { type: string; coordinates: Outline } };
    return geometry?.type === 'MultiPolygon' ? geometry.coordinates : undefined;
  } catch {
    return undefined;
  }
}

/** Where the region's imagery is read from, in ranges. */
export function basemapUrl({ region, indexVersion }: Region): string {
  // Another version is another file: its name keeps what the browser has of the old one apart.
  return new URL(`regions/${region}/basemap.pmtiles?${indexVersion}`, document.baseURI).href;
}
