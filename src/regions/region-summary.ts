// What is told of a region that serves: in lists, in metrics, on maps.
import { TILE_PX } from '../basemap/index.js';
import type { EngineTiming, InferenceEngine, Precision } from '../engines/index.js';
import type { Bounds } from '../geometry/index.js';
import { BASEMAP_FILE, type IndexManifest, type Outline } from '../versions/index.js';
import { healthOf } from './health.js';
import type { RegionSlot } from './region-slot.js';

/** What GET /regions and the metrics show of a region. */
export interface RegionSummary {
  readonly region: string;
  readonly default: boolean;
  /** Whether it answers now. */
  readonly ready: boolean;
  /** Which part of it is away, and why where that is known; null where it answers. */
  readonly reason: string | null;
  /** name@version */
  readonly bundle: string;
  readonly indexVersion: string;
  readonly tiles: number;
  readonly dimensions: number;
  readonly tileSizeM: number;
  readonly strideM: number | null;
  /** west, south, east, north of the tile centres. */
  readonly bounds: readonly [number, number, number, number];
  readonly recall: { readonly at1: number; readonly at10: number; readonly queries: number };
  /** Of the imagery as a map; null where the version has none. */
  readonly basemap: RegionBasemap | null;
  /** What runs its networks. */
  readonly engines: {
    readonly generator: NetworkEngine | null;
    readonly encoder: NetworkEngine;
    /** Both as one graph; null where they run one after the other. */
    readonly whole: NetworkEngine | null;
    /** What would make them faster on this machine, or why what was asked for is not used. */
    readonly notes: readonly string[];
  };
  /** ISO 8601 */
  readonly loadedAt: string;
}

/** What runs one network. */
export interface NetworkEngine {
  /** e.g. "openvino 2026.4.1 cpu" */
  readonly name: string;
  readonly precision: Precision;
  /** Where it was chosen by time: what each candidate took. */
  readonly timings: readonly EngineTiming[];
}

export function summaryOf(
  { region, openedAt }: RegionSlot,
  isDefault: boolean,
  notes: readonly string[],
): RegionSummary {
  const { manifest } = region.version;
  const { generator, encoder, whole } = region.networks;
  const { ready, reason } = healthOf(region);
  return {
    region: region.name,
    default: isDefault,
    ready,
    reason,
    bundle: `${region.bundle.manifest.name}@${region.bundle.manifest.version}`,
    indexVersion: manifest.version,
    tiles: manifest.count,
    dimensions: manifest.dimensions,
    tileSizeM: manifest.tiles.sizeM,
    strideM: manifest.tiles.strideM,
    bounds: manifest.bounds,
    recall: manifest.recall,
    basemap: basemapOf(manifest),
    engines: {
      generator: generator ? engineOf(generator) : null,
      encoder: engineOf(encoder),
      whole: whole ? engineOf(whole) : null,
      notes,
    },
    loadedAt: openedAt.toISOString(),
  };
}

function engineOf({ description, precision, timings = [] }: InferenceEngine): NetworkEngine {
  return { name: description, precision, timings };
}

function basemapOf({ basemap, files }: IndexManifest): RegionBasemap | null {
  const file = files[BASEMAP_FILE];
  if (!basemap || !file) return null;
  const { minZoom, maxZoom, attribution = null } = basemap;
  return { minZoom, maxZoom, tileSizePx: TILE_PX, bytes: file.bytes, attribution };
}

export interface RegionBasemap {
  readonly minZoom: number;
  readonly maxZoom: number;
  readonly tileSizePx: number;
  readonly bytes: number;
  /** Whose imagery it is, as plain text; null where nobody said. */
  readonly attribution: string | null;
}

/** What maps show of a region. */
export interface RegionMap {
  readonly summary: RegionSummary;
  /** Of its area; where that is all of the imagery, the box around its tiles. */
  readonly outline: Outline;
  /** The file with its imagery. */
  readonly basemap: { readonly path: string; readonly bytes: number; readonly sha256: string } | undefined;
}

export function mapOf({ region }: RegionSlot, summary: RegionSummary): RegionMap {
  const { manifest, basemap, outline = boxOutline(manifest.bounds) } = region.version;
  const file = manifest.files[BASEMAP_FILE];
  return { summary, outline, basemap: basemap && file && { path: basemap.path, ...file } };
}

/** Two polygons where the box crosses the antimeridian (RFC 7946, section 3.1.9). */
function boxOutline([west, south, east, north]: Bounds): Outline {
  const box = (from: number, to: number) =>
    [
      [from, south],
      [to, south],
      [to, north],
      [from, north],
      [from, south],
    ] as const;
  const boxes = west <= east ? [box(west, east)] : [box(west, 180), box(-180, east)];
  return { type: 'MultiPolygon', coordinates: boxes.map((ring) => [ring]) };
}
