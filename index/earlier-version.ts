// The version that an update begins with.
import { join } from 'node:path';
import { SkyfixError } from '../src/errors/index.js';
import { type Descriptors, readCatalogue, readDescriptors } from '../src/search/index.js';
import {
  type BuildRecord,
  catalogueFileOf,
  checkIndexFolder,
  descriptorFileOf,
  type IndexManifest,
  TILE_DIGESTS_FILE,
} from '../src/versions/index.js';
import type { GridOrigin } from './grid.js';
import { alongCurveOfCell } from './hilbert.js';
import { readTileDigests } from './tile-digests.js';

export interface EarlierVersion {
  readonly dir: string;
  readonly manifest: IndexManifest;
  readonly build: BuildRecord;
  readonly origin: GridOrigin;
  readonly descriptors: Descriptors;
  /** DIGEST_BYTES a row. */
  readonly digests: Uint8Array;
  /** The row of each place on the Hilbert curve that has a tile. */
  readonly rowAt: ReadonlyMap<number, number>;
}

/** Reads a version and checks it. Throws INDEX_*, and UPDATE_IMPOSSIBLE where it lacks what an update needs. */
export async function openEarlier(dir: string): Promise<EarlierVersion> {
  const manifest = await checkIndexFolder(dir, 0);
  const { build, tiles, projection } = manifest;
  const impossible = (what: string) => new SkyfixError('UPDATE_IMPOSSIBLE', `${dir} ${what}.`);
  if (tiles.strideM === null) throw impossible('was built of a list of images, not of imagery');
  if (!build || !tiles.origin || !Object.hasOwn(manifest.files, TILE_DIGESTS_FILE)) {
    throw impossible('was built before versions kept the digests of their tiles');
  }
  if (projection) {
    throw impossible(
      `keeps ${manifest.dimensions} of ${projection.from} dimensions, fitted to all of its tiles`,
    );
  }
  const descriptors = await readDescriptors(join(dir, descriptorFileOf(manifest)));
  const digests = await readTileDigests(join(dir, TILE_DIGESTS_FILE), manifest.count);
  const catalogue = await readCatalogue(join(dir, catalogueFileOf(manifest)));
  const rowAt = new Map<number, number>();
  for (let row = 0; row < catalogue.count; row++) {
    const { tile } = catalogue.tile(row);
    const [, r, c] = /^r(-?\d+)c(-?\d+)$/.exec(tile) ?? [];
    if (r === undefined || c === undefined) throw impossible(`holds the tile "${tile}", which is on no grid`);
    rowAt.set(alongCurveOfCell(Number(r), Number(c)), row);
  }
  return { dir, manifest, build, origin: tiles.origin, descriptors, digests, rowAt };
}
