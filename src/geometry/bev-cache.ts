// Sampling tables kept between projections, bounded by bytes, least recently used out first.
import { LRUCache } from 'lru-cache';
import { type BevTable, buildBevTable, headingShifts } from './bev-table.js';
import { isPinhole } from './pinhole.js';
import type { BevGeometry, CameraModel, CameraPose } from './types.js';

/** Bytes of tables that are kept where nobody says otherwise. */
export const DEFAULT_TABLE_BYTES = 64 * 1024 * 1024;

/** A bounded store of sampling tables; a 512x512 BEV needs 2 MiB. */
export class BevTableCache {
  readonly maxBytes: number;
  readonly #tables: LRUCache<string, BevTable>;

  constructor(maxBytes = DEFAULT_TABLE_BYTES) {
    this.maxBytes = maxBytes;
    // A table over the bound is handed out and not kept.
    this.#tables = new LRUCache({ maxSize: maxBytes, sizeCalculation: ({ bytes }) => bytes });
  }

  get bytes(): number {
    return this.#tables.calculatedSize;
  }

  get count(): number {
    return this.#tables.size;
  }

  /** The table for these arguments, built where it is not kept yet. */
  get(bev: BevGeometry, model: CameraModel, pose: CameraPose): BevTable {
    const key = keyOf(bev, model, pose);
    const kept = this.#tables.get(key);
    if (kept) return kept;
    const table = buildBevTable(bev, model, pose);
    this.#tables.set(key, table);
    return table;
  }
}

function keyOf(bev: BevGeometry, model: CameraModel, pose: CameraPose): string {
  const turn = headingShifts(model, pose) ? 'level' : `${pose.headingDeg},${pose.pitchDeg},${pose.rollDeg}`;
  const camera = isPinhole(model)
    ? `pinhole ${model.widthPx},${model.heightPx},${model.focalPx},${model.centreXPx},${model.centreYPx}`
    : `${model.fullWidthPx},${model.fullHeightPx},${model.topPx},${model.heightPx}`;
  return `${bev.sizePx},${bev.gsdM},${bev.cameraHeightM};${camera};${turn}`;
}
