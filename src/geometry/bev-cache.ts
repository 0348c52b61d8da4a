// Sampling tables kept between projections, bounded by bytes, least recently used out first.
import { type BevTable, buildBevTable, isLevel } from './bev-table.js';
import type { BevGeometry, CameraPose, SphereWindow } from './types.js';

/** A bounded store of sampling tables; a 512x512 BEV needs 2 MiB. */
export class BevTableCache {
  readonly maxBytes: number;
  readonly #tables = new Map<string, BevTable>();
  #bytes = 0;

  constructor(maxBytes = 64 * 1024 * 1024) {
    this.maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#tables.size;
  }

  /** The table for these arguments, built where it is not kept yet. */
  get(bev: BevGeometry, window: SphereWindow, pose: CameraPose): BevTable {
    const key = keyOf(bev, window, pose);
    const kept = this.#tables.get(key);
    if (kept) {
      this.#tables.delete(key);
      this.#tables.set(key, kept);
      return kept;
    }
    const table = buildBevTable(bev, window, pose);
    if (table.bytes > this.maxBytes) return table;
    this.#tables.set(key, table);
    this.#bytes += table.bytes;
    for (const [oldKey, old] of this.#tables) {
      if (this.#bytes <= this.maxBytes) break;
      this.#tables.delete(oldKey);
      this.#bytes -= old.bytes;
    }
    return table;
  }
}

function keyOf(bev: BevGeometry, w: SphereWindow, pose: CameraPose): string {
  const turn = isLevel(pose) ? 'level' : `${pose.headingDeg},${pose.pitchDeg},${pose.rollDeg}`;
  const sphere = `${w.fullWidthPx},${w.fullHeightPx},${w.topPx},${w.heightPx}`;
  return `${bev.sizePx},${bev.gsdM},${bev.cameraHeightM};${sphere};${turn}`;
}
