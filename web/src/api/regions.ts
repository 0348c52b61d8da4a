// GET /regions: what this server can answer for.
import type { Region } from './types.js';

/** Throws where the server cannot be reached or says something else. */
export async function readRegions(): Promise<readonly Region[]> {
  const response = await fetch(new URL('regions', document.baseURI), {
    headers: { accept: 'application/json' },
  });
  if (!response.ok) throw new Error(`GET /regions: ${response.status}`);
  const { regions } = (await response.json()) as { regions: readonly Region[] };
  return regions;
}
