// The region's own imagery as a map: web-mercator tiles over the ground that the index's tiles show, from the imagery's own
// resolution up to a level on which the region is one picture.
import {
  ArchiveWriter,
  fromMercator,
  mercatorGsdM,
  TILE_PX,
  type TileAddress,
  tileSideM,
  tilesUnder,
} from '../src/basemap/index.js';
import { SkyfixError } from '../src/errors/index.js';
import type { Bounds, LonLat } from '../src/geometry/index.js';
import { encodeWebp } from '../src/imaging/index.js';
import { type ImagerySource, type Resampled, resampleSquare } from './imagery/index.js';

/** Of the deepest level: "auto" takes less depth rather than more tiles; some 250 MB. */
const MOST_AUTO_TILES = 16_384;
/** Whatever was asked for. */
const MOST_TILES = 1_000_000;
/** Imagery deeper than this is no imagery from above. */
const DEEPEST_ZOOM = 23;
/** A level whose pixels are so much coarser than the imagery's still shows what it shows. */
const COARSER = 1.2;

/** auto: as deep as the imagery is fine; off: none; or the deepest zoom level. */
export type BasemapChoice = 'auto' | 'off' | number;

export interface BasemapPlan {
  readonly minZoom: number;
  readonly maxZoom: number;
  /** Tiles of the deepest level that show ground of the index (see keyOf). */
  readonly deepest: ReadonlySet<number>;
  /** Why it is less deep than the imagery is fine. */
  readonly coarsened: boolean;
}

/** Ground that the index's tiles show. */
export interface Covered {
  readonly places: readonly LonLat[];
  readonly sizeM: number;
  readonly bounds: Bounds;
}

/** Throws PARAMETER_INVALID for a zoom level that would make a million tiles. */
export function planBasemap(
  choice: Exclude<BasemapChoice, 'off'>,
  gsdM: number,
  covered: Covered,
): BasemapPlan {
  const latDeg = (covered.bounds[1] + covered.bounds[3]) / 2;
  const asFine = Math.ceil(Math.log2(mercatorGsdM(0, latDeg) / gsdM / COARSER));
  const wanted = choice === 'auto' ? Math.min(DEEPEST_ZOOM, Math.max(0, asFine)) : choice;
  const most = choice === 'auto' ? MOST_AUTO_TILES : MOST_TILES;
  let maxZoom = wanted;
  let deepest = addressesOf(maxZoom, covered, most);
  for (; choice === 'auto' && deepest === undefined && maxZoom > 0; ) {
    maxZoom--;
    deepest = addressesOf(maxZoom, covered, most);
  }
  if (!deepest) {
    throw new SkyfixError(
      'PARAMETER_INVALID',
      `A basemap down to zoom level ${wanted} has more than ${MOST_TILES} tiles there; give a lower level, or "auto".`,
    );
  }
  return { minZoom: shallowestOf(maxZoom, deepest), maxZoom, deepest, coarsened: maxZoom < wanted };
}

/** The map tiles that some index tile lies on; undefined where there are more than `most`. */
function addressesOf(zoom: number, { places, sizeM }: Covered, most: number): Set<number> | undefined {
  const found = new Set<number>();
  for (const place of places) {
    for (const tile of tilesUnder(zoom, place, sizeM)) found.add(keyOf(tile));
    if (found.size > most) return undefined;
  }
  return found;
}

/** The level on which what is covered is no larger than a tile. */
function shallowestOf(maxZoom: number, deepest: ReadonlySet<number>): number {
  const rows = [...deepest].map((key) => addressOf(key, maxZoom));
  const span = (values: readonly number[]) =>
    extentOf(values, (a, b) => Math.max(a, b)) - extentOf(values, Math.min) + 1;
  const side = Math.min(2 ** maxZoom, Math.max(span(rows.map(({ x }) => x)), span(rows.map(({ y }) => y))));
  return Math.max(0, maxZoom - Math.ceil(Math.log2(side)));
}

/** Of lists too long for a call with all of them. */
function extentOf(values: readonly number[], pick: (a: number, b: number) => number): number {
  return values.reduce((a, b) => pick(a, b));
}

/** One number a tile of a level: levels go down to 24, so it is exact. */
const keyOf = ({ z, x, y }: TileAddress) => x * 2 ** z + y;

function addressOf(key: number, z: number): TileAddress {
  return { z, x: Math.floor(key / 2 ** z), y: key % 2 ** z };
}

export interface BasemapOptions {
  readonly path: string;
  readonly imagery: ImagerySource;
  readonly plan: BasemapPlan;
  readonly covered: Covered;
  readonly attribution?: string | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface BasemapMade {
  readonly tiles: number;
  readonly bytes: number;
}

/** Writes the pyramid as one PMTiles archive. Throws IMAGERY_INVALID, DISK_FULL; then nothing is there. */
export async function writeBasemap(options: BasemapOptions): Promise<BasemapMade> {
  const { path, imagery, plan, covered, attribution } = options;
  const writer = await ArchiveWriter.open(path);
  try {
    await new Pyramid(writer, options).write();
    const { minZoom, maxZoom } = plan;
    const facts = { minZoom, maxZoom, bounds: covered.bounds, name: imagery.description, attribution };
    const tiles = writer.count;
    return { tiles, bytes: await writer.finish(facts) };
  } catch (error) {
    await writer.abandon();
    throw error;
  }
}

/** Made from below: each tile but the deepest is the mean of the four under it. One branch is in memory at a time. */
class Pyramid {
  readonly #writer: ArchiveWriter;
  readonly #options: BasemapOptions;
  /** Of each level, the tiles that have something under them. */
  readonly #levels: ReadonlySet<number>[];
  #done = 0;

  constructor(writer: ArchiveWriter, options: BasemapOptions) {
    this.#writer = writer;
    this.#options = options;
    const { minZoom, maxZoom, deepest } = options.plan;
    const levels: ReadonlySet<number>[] = [];
    levels[maxZoom] = deepest;
    for (let z = maxZoom - 1; z >= minZoom; z--) {
      const above = new Set<number>();
      for (const key of levels[z + 1] ?? []) {
        const { x, y } = addressOf(key, z + 1);
        above.add(keyOf({ z, x: x >> 1, y: y >> 1 }));
      }
      levels[z] = above;
    }
    this.#levels = levels;
  }

  async write(): Promise<void> {
    const { minZoom } = this.#options.plan;
    for (const key of this.#levels[minZoom] ?? []) await this.#draw(addressOf(key, minZoom));
  }

  async #draw(address: TileAddress): Promise<Resampled | undefined> {
    const { z } = address;
    if (!this.#levels[z]?.has(keyOf(address))) return undefined;
    const { maxZoom } = this.#options.plan;
    const drawn = z === maxZoom ? await this.#resample(address) : await this.#mean(address);
    if (!drawn.shown.includes(1)) return undefined;
    await this.#writer.add(address, await encodeWebp(drawn.image, drawn.shown));
    return drawn;
  }

  async #resample({ z, x, y }: TileAddress): Promise<Resampled> {
    const { imagery, plan, onProgress } = this.#options;
    const count = 2 ** z;
    const placeAt = (s: number, t: number) => fromMercator({ x: (x + s) / count, y: (y + t) / count });
    const centre = placeAt(0.5, 0.5);
    // The side nearest to the equator is the longest.
    const reachM = Math.max(tileSideM(z, placeAt(0, 0).lat), tileSideM(z, placeAt(0, 1).lat));
    const drawn = await resampleSquare(imagery, { centre, reachM, placeAt }, TILE_PX);
    onProgress?.(++this.#done, plan.deepest.size);
    return drawn;
  }

  async #mean({ z, x, y }: TileAddress): Promise<Resampled> {
    const data = new Uint8Array(TILE_PX * TILE_PX * 3);
    const shown = new Uint8Array(TILE_PX * TILE_PX);
    for (let k = 0; k < 4; k++) {
      const [right, down] = [k % 2, k >> 1];
      const child = await this.#draw({ z: z + 1, x: 2 * x + right, y: 2 * y + down });
      if (child) shrinkInto(child, (right * TILE_PX) / 2, (down * TILE_PX) / 2, data, shown);
    }
    return { image: { widthPx: TILE_PX, heightPx: TILE_PX, data }, shown };
  }
}

/** Each pixel the mean of those of two by two that show something. */
function shrinkInto(
  { image, shown }: Resampled,
  left: number,
  top: number,
  data: Uint8Array,
  shownThere: Uint8Array,
): void {
  for (let row = 0; row < TILE_PX / 2; row++) {
    for (let column = 0; column < TILE_PX / 2; column++) {
      const first = 2 * row * TILE_PX + 2 * column;
      const four = [first, first + 1, first + TILE_PX, first + TILE_PX + 1].filter((k) => shown[k] === 1);
      if (four.length === 0) continue;
      const to = (top + row) * TILE_PX + left + column;
      shownThere[to] = 1;
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (const k of four) sum += image.data[3 * k + c] ?? 0;
        data[3 * to + c] = Math.round(sum / four.length);
      }
    }
  }
}
