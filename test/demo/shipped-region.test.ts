// What ships, as its users meet it: the demo region through a running server finds panoramas of the unseen area.
// At least 80 % of them are promised, far above the
// 1 in 300 of chance.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { installDemo } from '../../cli/index.js';
import { loadConfig } from '../../src/config/index.js';
import { parseCsv } from '../../src/files/index.js';
import { distanceM } from '../../src/geometry/index.js';
import { startServer } from '../../src/server.js';
import { withTemporaryFolder } from '../support/tiny-region.js';

const DEMO = join(import.meta.dirname, '../../../demo');
const FOUND_WITHIN_M = 25;
const FOUND_SHARE = 0.8;

interface Answer {
  readonly results: readonly { readonly lon: number; readonly lat: number }[];
  readonly heading: { readonly source: string };
}

test('at least 20 shipped panoramas, the promised share found within 25 m by the first answer', async () => {
  const [, ...lines] = parseCsv(await readFile(join(DEMO, 'panoramas.csv'), 'utf8'));
  assert.ok(lines.length >= 20);
  await withTemporaryFolder(async (dataDir) => {
    await installDemo(dataDir);
    const server = await startServer(loadConfig({ PORT: '0', SKYFIX_DATA: dataDir, LOG_LEVEL: 'silent' }));
    try {
      let found = 0;
      for (const line of lines) {
        const [file = '', lon, lat] = line.fields;
        const response = await fetch(`${server.url}/locate`, {
          method: 'POST',
          headers: { 'content-type': 'image/jpeg' },
          body: await readFile(join(DEMO, file)),
        });
        assert.equal(response.status, 200);
        const { results, heading } = (await response.json()) as Answer;
        assert.equal(heading.source, 'metadata');
        const [first] = results;
        if (first && distanceM(first, { lon: Number(lon), lat: Number(lat) }) <= FOUND_WITHIN_M) found++;
      }
      assert.ok(found >= FOUND_SHARE * lines.length, `${found} of ${lines.length} found`);
    } finally {
      await server.close();
    }
  });
});
