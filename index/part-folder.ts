// The files of a part: written once, read when parts are joined.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, SkyfixError } from '../src/errors/index.js';
import { sha256OfFile, writeFileAtomic } from '../src/files/index.js';
import { readDescriptors, writeDescriptors } from '../src/search/index.js';
import { PART_FILES, type PartManifest } from './part-manifest.js';
import type { Embedded, TileRange } from './shards.js';
import { readTileDigests, writeTileDigests } from './tile-digests.js';
import { checksumOf } from './write-version.js';

/** Writes the files of a part into `dir`, part.json last. */
export async function writePart(
  dir: string,
  embedded: Embedded,
  facts: Omit<PartManifest, 'files' | 'made' | 'missing'>,
): Promise<PartManifest> {
  const { numbers, data, digests, missing } = embedded;
  const made = new Set(numbers);
  const skipped: number[] = [];
  for (let number = facts.order.from; number < facts.order.to; number++)
    if (!made.has(number)) skipped.push(number);
  const descriptors = { count: numbers.length, dimensions: facts.common.dimensions, data };
  await writeDescriptors(join(dir, PART_FILES.descriptors), descriptors);
  await writeTileDigests(join(dir, PART_FILES.digests), digests);
  await writeFileAtomic(join(dir, PART_FILES.skipped), JSON.stringify(skipped));
  const files: Record<string, PartManifest['files'][string]> = {};
  for (const name of Object.values(PART_FILES)) files[name] = await checksumOf(join(dir, name));
  const manifest = { ...facts, made: numbers.length, missing, files };
  await writeFileAtomic(join(dir, 'part.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/** Throws PARTS_UNUSABLE naming the file whose checksum is another than part.json says, or that is not there. */
export async function checkPartFiles(dir: string, { files }: PartManifest): Promise<void> {
  for (const name of Object.values(PART_FILES)) {
    const path = join(dir, name);
    const expected = files[name];
    const found = await stat(path).catch(() => undefined);
    if (!found) throw new SkyfixError('PARTS_UNUSABLE', `${path} is missing.`);
    const sha256 = await sha256OfFile(path);
    if (found.size === expected?.bytes && sha256 === expected.sha256) continue;
    throw new SkyfixError(
      'PARTS_UNUSABLE',
      `${path} has ${found.size} bytes and the SHA-256 ${sha256}, part.json says ${expected?.bytes} bytes and ` +
        `${expected?.sha256}.`,
    );
  }
}

/** What a part holds, checked. Throws PARTS_UNUSABLE. */
export async function readPart(dir: string, manifest: PartManifest): Promise<Embedded> {
  await checkPartFiles(dir, manifest);
  const { order, made, missing, common } = manifest;
  try {
    const { count, dimensions, data } = await readDescriptors(join(dir, PART_FILES.descriptors));
    const digests = await readTileDigests(join(dir, PART_FILES.digests), count);
    const numbers = numbersOf(
      order,
      JSON.parse(await readFile(join(dir, PART_FILES.skipped), 'utf8')) as number[],
    );
    if (count !== made || numbers.length !== made || dimensions !== common.dimensions) {
      throw new Error(`${count} descriptors of ${dimensions} values for ${numbers.length} tiles`);
    }
    return { numbers, data, digests, missing };
  } catch (error) {
    throw new SkyfixError('PARTS_UNUSABLE', `${dir} does not fit its part.json (${messageOf(error)}).`, {
      cause: error,
    });
  }
}

function numbersOf({ from, to }: TileRange, skipped: readonly number[]): number[] {
  const without = new Set(skipped);
  const numbers: number[] = [];
  for (let number = from; number < to; number++) if (!without.has(number)) numbers.push(number);
  return numbers;
}
