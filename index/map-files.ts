// What a version holds for maps: a basemap of the imagery that its tiles were cut of, and the outline of its area.
import { join } from 'node:path';
import { writeFileAtomic } from '../src/files/index.js';
import type { Bounds, LonLat } from '../src/geometry/index.js';
import { AREA_FILE, BASEMAP_FILE, type BasemapManifest, type Outline } from '../src/versions/index.js';
import { type BasemapChoice, planBasemap, writeBasemap } from './basemap.js';
import { grownBounds } from './imagery/index.js';
import type { TileSource } from './tile-source.js';

export interface MapParts {
  readonly source: TileSource;
  /** Centres of the tiles that were made. */
  readonly tiles: readonly LonLat[];
  /** Of the tiles' centres. */
  readonly bounds: Bounds;
  readonly options: {
    readonly basemap?: BasemapChoice | undefined;
    readonly attribution?: string | undefined;
    readonly onProgress?: (done: number, total: number, stage: 'basemap') => void;
    readonly onNote?:
      | ((note: { readonly kind: 'fact' | 'warning'; readonly text: string }) => void)
      | undefined;
  };
}

export interface MapFilesMade {
  readonly basemap: BasemapManifest | undefined;
  /** Files that are there now. */
  readonly names: readonly string[];
}

/** An outline of more points is no picture of an area any more; its bounds stand for it. */
const MOST_OUTLINE_POINTS = 20_000;

/** Writes into a version's folder what there is. Throws PARAMETER_INVALID, IMAGERY_INVALID, DISK_FULL. */
export async function writeMapFiles(dir: string, parts: MapParts): Promise<MapFilesMade> {
  const outline = outlineOf(parts);
  if (outline) await writeFileAtomic(join(dir, AREA_FILE), `${JSON.stringify(outline)}\n`);
  const basemap = await basemapIn(dir, parts);
  return { basemap, names: [...(basemap ? [BASEMAP_FILE] : []), ...(outline ? [AREA_FILE] : [])] };
}

function outlineOf({ source, options }: MapParts): Outline | undefined {
  if (!source.area) return undefined;
  const coordinates = source.area.polygons.map((rings) =>
    rings.map((ring) => ring.map(([lon, lat]) => [lon, lat] as const)),
  );
  const points = coordinates.flat().reduce((sum, ring) => sum + ring.length, 0);
  if (points <= MOST_OUTLINE_POINTS) return { type: 'MultiPolygon', coordinates };
  const text = `the area's outline has ${points} points, more than ${MOST_OUTLINE_POINTS}: maps show its bounds instead`;
  options.onNote?.({ kind: 'fact', text });
  return undefined;
}

async function basemapIn(dir: string, parts: MapParts): Promise<BasemapManifest | undefined> {
  const { source, tiles, bounds, options } = parts;
  const { basemap: choice = 'auto', onNote, onProgress } = options;
  const { imagery, sizeM } = source;
  if (choice === 'off') return undefined;
  if (!imagery) {
    onNote?.({ kind: 'fact', text: 'no basemap: a list of tiles says nothing of the ground between them' });
    return undefined;
  }
  const covered = { places: tiles, sizeM, bounds: grownBounds(bounds, sizeM / 2) };
  const plan = planBasemap(choice, imagery.gsdM, covered);
  const attribution = options.attribution ?? imagery.attribution;
  const made = await writeBasemap({
    path: join(dir, BASEMAP_FILE),
    imagery,
    plan,
    covered,
    attribution,
    onProgress: (done, total) => onProgress?.(done, total, 'basemap'),
  });
  const { minZoom, maxZoom, coarsened } = plan;
  const less = coarsened ? '; less deep than the imagery is fine, --basemap ZOOM goes deeper' : '';
  const size = (made.bytes / 1e6).toFixed(1);
  const text = `basemap: zoom ${minZoom} to ${maxZoom}, ${made.tiles} tiles, ${size} MB${less}`;
  onNote?.({ kind: 'fact', text });
  return { minZoom, maxZoom, ...(attribution !== undefined && { attribution }) };
}
