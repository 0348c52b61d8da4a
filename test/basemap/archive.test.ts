// Archives as the pmtiles package reads them: what was put in comes out, also where the directory has leaves.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PMTiles, type RangeResponse, type Source } from 'pmtiles';
import { ArchiveWriter } from '../../src/basemap/index.js';
import { seededRandom } from '../../src/random/index.js';
import { withTemporaryFolder } from '../support/tiny-region.js';

class BytesSource implements Source {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }
  getKey(): string {
    return 'bytes';
  }
  async getBytes(offset: number, length: number): Promise<RangeResponse> {
    return { data: this.#bytes.slice(offset, offset + length).buffer };
  }
}

const FACTS = { minZoom: 0, maxZoom: 9, bounds: [-10, -20, 30, 40], name: 'test' } as const;

const opened = async (path: string) =>
  new PMTiles(new BytesSource(new Uint8Array(Uint8Array.from(await readFile(path)).buffer)));

test('tiles in any order, header and metadata', async () => {
  await withTemporaryFolder(async (dir) => {
    const path = join(dir, 'few.pmtiles');
    const writer = await ArchiveWriter.open(path);
    const tiles = [
      [3, 5, 2],
      [0, 0, 0],
      [3, 0, 7],
      [2, 1, 1],
    ] as const;
    for (const [z, x, y] of tiles) await writer.add({ z, x, y }, Buffer.from(`tile ${z} ${x} ${y}`));
    const bytes = await writer.finish({ ...FACTS, maxZoom: 3, attribution: '© A & <b>' });
    assert.deepEqual(await readdir(dir), ['few.pmtiles'], 'nothing is left beside it');
    assert.equal((await readFile(path)).length, bytes);
    const archive = await opened(path);
    const header = await archive.getHeader();
    assert.deepEqual(
      [header.specVersion, header.minZoom, header.maxZoom, header.tileType, header.clustered],
      [3, 0, 3, 4, true],
    );
    assert.deepEqual([header.minLon, header.minLat, header.maxLon, header.maxLat], [-10, -20, 30, 40]);
    assert.deepEqual([header.numAddressedTiles, header.numTileEntries, header.numTileContents], [4, 4, 4]);
    assert.deepEqual(await archive.getMetadata(), {
      name: 'test',
      type: 'baselayer',
      format: 'webp',
      attribution: '© A &amp; &lt;b&gt;',
    });
    for (const [z, x, y] of tiles) {
      const found = await archive.getZxy(z, x, y);
      assert.equal(Buffer.from(found?.data ?? new ArrayBuffer()).toString(), `tile ${z} ${x} ${y}`);
    }
    assert.equal(await archive.getZxy(3, 4, 4), undefined);
  });
});

test('twenty thousand tiles: a root of at most 16 KiB, and every tile found through its leaves', async () => {
  await withTemporaryFolder(async (dir) => {
    const path = join(dir, 'many.pmtiles');
    const writer = await ArchiveWriter.open(path);
    const random = seededRandom(5);
    const side = 141;
    // Of lengths that no compression foresees.
    const lengths = Array.from({ length: side * side }, () => 8 + Math.floor(900 * random()));
    const textOf = (x: number, y: number) => `${x},${y},`.padEnd(lengths[x * side + y] ?? 0, 'x');
    for (let x = 0; x < side; x++) {
      for (let y = 0; y < side; y++) await writer.add({ z: 9, x, y }, Buffer.from(textOf(x, y)));
    }
    await writer.finish(FACTS);
    const archive = await opened(path);
    const header = await archive.getHeader();
    assert.ok(header.rootDirectoryOffset + header.rootDirectoryLength <= 16_384);
    assert.ok((header.leafDirectoryLength ?? 0) > 0);
    for (let k = 0; k < 500; k++) {
      const [x, y] = [Math.floor(random() * 512), Math.floor(random() * 512)];
      const found = await archive.getZxy(9, x, y);
      const expected = x < side && y < side ? textOf(x, y) : undefined;
      assert.equal(found && Buffer.from(found.data).toString(), expected);
    }
  });
});
