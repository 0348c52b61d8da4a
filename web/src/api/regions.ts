// GET /regions: what this server can answer for, and the outline of each.
import type { Outline, Region } from './types.js';

/** Throws where the server cannot be reached or says something else. */
export async function readRegions(): Promise<readonly Region[]> {
  const response = await fetch(new URL('regions', document.baseURI), {
    headers: { accept: 'application/json' },
  });
  if (!response.ok) throw new Error(`GET /regions: ${response.status}`);
  const { regions } = (await response.json()) as { regions: readonly Region[] };
  return regions;
}

/** Undefined where the server does not tell: the box around the region's tiles then stands for it. */
export async function readOutline(name: string): Promise<Outline | undefined> {
  try {
    const response = await fetch(new URL(`regions/${name}`, document.baseURI));
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
