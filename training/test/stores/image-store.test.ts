// Image stores against the set in memory that they were made of, and files that are damaged or half made.
import assert from 'node:assert/strict';
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { makeRng } from 'skyfix/random';
import { cropImages, type ImageSet, imageAt } from '../../stores/image-set.js';
import {
  centreStore,
  cropStore,
  digestOfStore,
  fileStore,
  type ImageStore,
  joinStores,
  memoryStore,
  openStore,
  readImages,
  selectStore,
} from '../../stores/image-store.js';
import { StoreFileWriter } from '../../stores/store-file.js';
import { centreCrop, joinImages, selectImages } from '../support/image-sets.js';

function randomSet(sizePx: number, count: number, seed: number): ImageSet {
  const rng = makeRng(seed);
  return {
    sizePx,
    count,
    data: Uint8Array.from({ length: sizePx * sizePx * 3 * count }, () => rng.int(0, 255)),
  };
}

const same = (store: ImageStore, set: ImageSet): void => {
  assert.deepEqual(readImages(store), { ...set, data: new Uint8Array(set.data) });
};

describe('image stores', () => {
  let dir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-store-'));
  });
  after(() => rm(dir, { recursive: true }));

  const write = (name: string, set: ImageSet, indices = Array.from({ length: set.count }, (_, k) => k)) => {
    const path = join(dir, name);
    const writer = new StoreFileWriter(path, set.sizePx, set.count);
    for (const k of indices) writer.write(k, imageAt(set, k).data);
    const missing = writer.missing();
    writer.close();
    return { path, missing };
  };

  it('give back the images, from memory and from a file written in any order', () => {
    const set = randomSet(5, 7, 1);
    const { path, missing } = write('any-order', set, [3, 6, 0, 1, 5, 2, 4]);
    assert.deepEqual(missing, []);
    for (const store of [memoryStore(set), fileStore(path)]) {
      same(store, set);
      const out = new Uint8Array(200).fill(9);
      store.read(4, out, 10);
      assert.deepEqual(out.slice(10, 85), imageAt(set, 4).data);
      assert.ok(out.subarray(0, 10).every((v) => v === 9) && out.subarray(85).every((v) => v === 9));
      for (const index of [-1, 7, 0.5, Number.NaN]) {
        assert.throws(() => store.read(index, out), RangeError);
      }
      store.close();
      same(store, set);
      store.close();
    }
  });

  it('select, join and reopen like sets in memory do', () => {
    const [a, b] = [randomSet(3, 4, 2), randomSet(3, 5, 3)];
    const stores = [memoryStore(a), fileStore(write('b', b).path)] as const;
    fc.assert(
      fc.property(fc.array(fc.nat(8), { minLength: 1, maxLength: 20 }), (rows) => {
        const store = selectStore(joinStores(...stores), rows);
        const expected = selectImages(joinImages(a, b), rows);
        same(store, expected);
        same(openStore(structuredClone(store.handle())), expected);
      }),
      { numRuns: 30 },
    );
    assert.throws(() => selectStore(stores[0], [4]), RangeError);
    assert.throws(() => joinStores(stores[0], memoryStore(randomSet(4, 1, 1))), RangeError);
    stores[1].close();
  });

  it('crop like sets in memory do, and reopen so', () => {
    const set = randomSet(9, 3, 7);
    const window = { leftPx: 2, topPx: 3, sizePx: 5 };
    const store = cropStore(fileStore(write('crop', set).path), window);
    same(store, cropImages(set, 2, 3, 5));
    same(openStore(structuredClone(store.handle())), cropImages(set, 2, 3, 5));
    same(centreStore(memoryStore(set), 4), centreCrop(set, 4));
    same(centreStore(memoryStore(set), 9), set);
    for (const wrong of [{ leftPx: 5 }, { topPx: -1 }, { sizePx: 10 }]) {
      assert.throws(() => cropStore(memoryStore(set), { ...window, ...wrong }), RangeError);
    }
  });

  it('have the digest of their pixels, wherever these lie', () => {
    const [a, b] = [randomSet(4, 3, 8), randomSet(4, 2, 9)];
    const [fileA, memoryA, memoryB] = [fileStore(write('a', a).path), memoryStore(a), memoryStore(b)];
    assert.equal(digestOfStore(fileA), digestOfStore(memoryA));
    const joined = digestOfStore(joinStores(fileA, memoryB));
    assert.equal(joined, digestOfStore(memoryStore(joinImages(a, b))));
    assert.equal(
      digestOfStore(selectStore(fileA, [2, 0])),
      digestOfStore(memoryStore(selectImages(a, [2, 0]))),
    );
    const changed = { ...a, data: a.data.map((value, k) => (k === 50 ? value ^ 1 : value)) };
    const window = { leftPx: 1, topPx: 0, sizePx: 3 };
    const others = [
      memoryStore(changed),
      selectStore(fileA, [1, 0, 2]),
      cropStore(fileA, window),
      cropStore(fileA, { ...window, topPx: 1 }),
      cropStore(memoryStore(changed), window),
      memoryB,
    ];
    assert.equal(new Set([fileA, ...others].map(digestOfStore)).size, others.length + 1);
    fileA.close();
  });

  it('share the bytes of a set with other threads instead of copying them for each', () => {
    const store = memoryStore(randomSet(3, 2, 4));
    const [first, second] = [store.handle(), store.handle()];
    assert.ok(first.kind === 'memory' && second.kind === 'memory');
    assert.ok(first.data.buffer instanceof SharedArrayBuffer);
    assert.equal(first.data.buffer, second.data.buffer);
  });

  it('go on with a file half made, and make images again whose bytes do not fit their checksum', async () => {
    const set = randomSet(4, 6, 5);
    const { path, missing } = write('half', set, [5, 1, 2]);
    assert.deepEqual(missing, [0, 3, 4]);
    const file = await open(path, 'r+');
    await file.write(Buffer.from([set.data[2 * 48] === 7 ? 8 : 7]), 0, 1, 32 + 2 * 48);
    await file.close();
    const again = new StoreFileWriter(path, 4, 6);
    assert.deepEqual(again.missing(), [0, 2, 3, 4]);
    for (const k of again.missing()) again.write(k, imageAt(set, k).data);
    assert.throws(() => again.write(0, new Uint8Array(3)), RangeError);
    again.close();
    same(fileStore(path), set);
  });

  it('refuse files that are missing, cut, of another kind or version, or damaged', async () => {
    const set = randomSet(4, 3, 6);
    const { path } = write('good', set);
    const bytes = await readFile(path);
    const refused = (pattern: RegExp) =>
      assert.throws(() => fileStore(path), { code: 'DATASET_INVALID', message: pattern });
    await truncate(path, bytes.length - 1);
    refused(/bytes instead of/);
    await writeFile(path, bytes.subarray(0, 10));
    refused(/ends too early/);
    await writeFile(path, Buffer.concat([Buffer.from('NOTASTOR'), bytes.subarray(8)]));
    refused(/no image store/);
    const other = Buffer.from(bytes);
    other.writeUInt32LE(2, 8);
    await writeFile(path, other);
    refused(/version 2/);
    await rm(path);
    refused(/cannot be opened/);
    const flipped = Buffer.from(bytes);
    flipped[32 + 48 + 5] = (flipped[32 + 48 + 5] ?? 0) ^ 1;
    await writeFile(path, flipped);
    const store = fileStore(path);
    const out = new Uint8Array(48);
    store.read(0, out);
    assert.throws(() => store.read(1, out), { code: 'DATASET_INVALID', message: /image 1/ });
    store.close();
  });
});
