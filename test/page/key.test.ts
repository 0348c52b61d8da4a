// The page of a server that asks for keys: it asks too, and with a key it shows the regions and their map.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_ROOT } from '../../cli/index.js';
import { addKey } from '../../src/keys/index.js';
import { browserPath, NO_BROWSER, openBrowser } from '../support/browser.js';
import { servePage } from '../support/page-server.js';

const browserFile = browserPath();

test('the page asks for the key, and sends it', { skip: browserFile ? false : NO_BROWSER }, async () => {
  const built = spawnSync(process.execPath, [join(PACKAGE_ROOT, 'scripts/build-page.mjs')]);
  assert.equal(built.status, 0, String(built.stderr));
  const folder = await mkdtemp(join(tmpdir(), 'skyfix-page-key-'));
  const path = join(folder, 'keys.json');
  const key = await addKey(path, { name: 'someone', scopes: ['locate'] });
  const server = await servePage({ SKYFIX_KEYS_FILE: path });
  const browser = await openBrowser(browserFile ?? '');
  try {
    const page = await (await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce' })).newPage();
    page.setDefaultTimeout(60_000);
    const maps: number[] = [];
    page.on('response', (response) => {
      if (response.url().includes('basemap.pmtiles')) maps.push(response.status());
    });
    await page.goto(server.url);
    const field = page.getByLabel('Key', { exact: true });
    const refused = page.waitForResponse(
      (response) => response.url().endsWith('/regions') && response.status() === 401,
    );
    await field.fill('a-key-that-is-wrong');
    await field.press('Enter');
    await refused;
    await field.fill(key);
    const map = page.waitForResponse((response) => response.url().includes('basemap.pmtiles'));
    await page.getByRole('button', { name: 'Use key' }).click();
    await page.getByText('2,116').first().waitFor({ state: 'attached' });
    await map;
    assert.deepEqual(
      maps.filter((status) => status >= 400),
      [],
    );
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  }
});
