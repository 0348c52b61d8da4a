import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  DESCRIPTOR_PRECISIONS,
  openDescriptors,
  readDescriptors,
  writeDescriptorShards,
} from '../../src/search/index.js';
import { OwnRows } from '../../src/weaviate/own-rows.js';
import { storedVectors } from '../search/contract.js';
import { withTemporaryFolder } from '../support/tiny-region.js';

test('rows of a version are those that its collection is written from, in whatever they are kept, mapped or read', async () => {
  const { dimensions, ...stored } = storedVectors();
  await withTemporaryFolder(async (dir) => {
    for (const precision of DESCRIPTOR_PRECISIONS) {
      const path = join(dir, `descriptors.${precision}`);
      await writeDescriptorShards(path, { ...stored, dimensions }, precision, [64, 500, 36]);
      // What publishing reads.
      const { data } = await readDescriptors(path);
      for (const mappedFrom of [0, Number.POSITIVE_INFINITY]) {
        const { descriptors, close } = await openDescriptors(path, mappedFrom);
        const rows = new OwnRows(descriptors);
        assert.equal(rows.mostRows, 600);
        const asked = Uint32Array.of(599, 0, 63, 64, 563, 564, 300);
        const found = await rows.descriptors(asked);
        const query = data.slice(0, dimensions);
        const looks = new Uint32Array(asked.length);
        const cosines = await rows.cosines([query], { looks, rows: asked });
        for (const [k, row] of asked.entries()) {
          const expected = data.slice(row * dimensions, (row + 1) * dimensions);
          assert.deepEqual(found[k], expected, `row ${row} as ${precision}`);
          const cosine = expected.reduce((sum, value, i) => sum + value * (query[i] as number), 0);
          assert.ok(Math.abs((cosines[k] as number) - cosine) < 1e-6);
        }
        await assert.rejects(rows.descriptors(Uint32Array.of(600)), { code: 'INTERNAL' });
        close();
      }
    }
  });
});
