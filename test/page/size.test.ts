// What a browser has to fetch before the page can be used: at most 350 kB, compressed, beside the map library.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { PACKAGE_ROOT } from '../../cli/index.js';

const LIMIT_BYTES = 350_000;
const DIST = join(PACKAGE_ROOT, 'web/dist');
const skip = existsSync(join(PACKAGE_ROOT, 'node_modules/vite')) ? false : 'not installed: vite';

test('the page without the map library takes at most 350 kB', { skip }, () => {
  const built = spawnSync(process.execPath, [join(PACKAGE_ROOT, 'scripts/build-page.mjs')]);
  assert.equal(built.status, 0, String(built.stderr));
  const files = ['index.html', ...readdirSync(join(DIST, 'assets')).map((name) => `assets/${name}`)]
    .filter((name) => /\.(html|m?js|css|svg)$/.test(name))
    .map((name) => ({ name, bytes: gzipSync(readFileSync(join(DIST, name))).length }));
  const own = files.filter(({ name }) => !name.includes('maplibre'));
  const library = files.filter(({ name }) => name.includes('maplibre'));
  assert.ok(own.some(({ name }) => name.endsWith('.js')) && library.length >= 2, JSON.stringify(files));
  const total = own.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok(total <= LIMIT_BYTES, `${total} bytes: ${JSON.stringify(own)}`);
});
