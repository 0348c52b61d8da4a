// What GET / and its files say: policy, cache, compression; and that it is gone where it is switched off.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { buildApp } from '../../src/app.js';
import { readPageFiles } from '../../src/http/index.js';
import { FakeRegions, testConfig } from '../support/fake-regions.js';

const SCRIPT = 'console.log("a page");\n'.repeat(50);
const DOCUMENT = '<!doctype html><html><head><meta name="skyfix-style" content="" /></head></html>';

/** A page as the build writes it. */
async function withPage(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'skyfix-page-files-'));
  try {
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), DOCUMENT);
    await writeFile(join(folder, 'assets/main-abc.js'), SCRIPT);
    await writeFile(join(folder, 'assets/main-abc.js.br'), brotliCompressSync(SCRIPT));
    await writeFile(join(folder, 'assets/main-abc.js.gz'), gzipSync(SCRIPT));
    await writeFile(join(folder, 'assets/notes.txt'), 'not for a browser');
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function ask(
  folder: string,
  requests: readonly InjectOptions[],
  env: Readonly<Record<string, string>> = {},
): Promise<LightMyRequestResponse[]> {
  const app = await buildApp({ config: testConfig(env), regions: new FakeRegions(), pageFolder: folder });
  try {
    return await Promise.all(requests.map((request) => app.inject(request)));
  } finally {
    await app.close();
  }
}

describe('the page over HTTP', () => {
  test('its document may load nothing from elsewhere, nor be framed', () =>
    withPage(async (folder) => {
      const [page] = await ask(folder, [{ url: '/' }]);
      assert.equal(page?.statusCode, 200);
      assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
      assert.equal(page.body, DOCUMENT);
      const policy = String(page.headers['content-security-policy']).split('; ');
      assert.ok(policy.includes("default-src 'none'") && policy.includes("script-src 'self'"));
      assert.ok(policy.includes("style-src 'self'") && policy.includes("frame-ancestors 'none'"));
      assert.doesNotMatch(policy.join(' '), /unsafe|https?:|\*/);
      assert.equal(page.headers['x-content-type-options'], 'nosniff');
      assert.equal(page.headers['referrer-policy'], 'no-referrer');
    }));

  test("an operator's style is allowed, with the origins named beside it", () =>
    withPage(async (folder) => {
      const env = {
        SKYFIX_UI_STYLE: 'https://maps.example.org/style.json?a=1&b="2"',
        SKYFIX_UI_ORIGINS: 'https://tiles.example.org,https://glyphs.example.org:8443',
      };
      const [page] = await ask(folder, [{ url: '/' }], env);
      assert.match(
        page?.body ?? '',
        /content="https:\/\/maps\.example\.org\/style\.json\?a=1&amp;b=&quot;2&quot;"/,
      );
      const policy = String(page?.headers['content-security-policy']);
      const origins = 'https://maps.example.org https://tiles.example.org https://glyphs.example.org:8443';
      assert.ok(policy.includes(`connect-src 'self' data: blob: ${origins};`), policy);
      assert.ok(policy.includes(`img-src 'self' data: blob: ${origins};`), policy);
    }));

  test('files come compressed as they were built, and are kept for good', () =>
    withPage(async (folder) => {
      const url = '/assets/main-abc.js';
      const accepting = (coding: string) => ({ url, headers: { 'accept-encoding': coding } });
      const [plain, br, gzip, head] = await ask(folder, [
        { url },
        accepting('gzip, br'),
        accepting('gzip'),
        { url, method: 'HEAD' },
      ]);
      assert.equal(plain?.body, SCRIPT);
      assert.equal(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
      assert.equal(br?.headers['content-encoding'], 'br');
      assert.equal(String(brotliDecompressSync(br.rawPayload)), SCRIPT);
      assert.equal(gzip?.headers['content-encoding'], 'gzip');
      assert.equal(String(gunzipSync(gzip.rawPayload)), SCRIPT);
      assert.equal(head?.statusCode, 200);
      const etag = String(plain.headers.etag);
      const [known] = await ask(folder, [{ url, headers: { 'if-none-match': `W/${etag}, "other"` } }]);
      assert.equal(known?.statusCode, 304);
      assert.equal(known.body, '');
    }));

  test('nothing else is served from there', () =>
    withPage(async (folder) => {
      const paths = [
        'notes.txt',
        'main-abc.js.br',
        '..%2Findex.html',
        '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
        'none.js',
      ];
      const answers = await ask(
        folder,
        paths.map((path) => ({ url: `/assets/${path}` })),
      );
      assert.deepEqual(
        answers.map(({ statusCode }) => statusCode),
        paths.map(() => 404),
      );
    }));

  test('with SKYFIX_UI=off, and where it was not built, there is none', async () => {
    await withPage(async (folder) => {
      const answers = await ask(folder, [{ url: '/' }, { url: '/assets/main-abc.js' }], { SKYFIX_UI: 'off' });
      assert.deepEqual(
        answers.map(({ statusCode }) => statusCode),
        [404, 404],
      );
    });
    const [page] = await ask(join(tmpdir(), 'no-such-page'), [{ url: '/' }]);
    assert.equal(page?.statusCode, 404);
    assert.equal(readPageFiles(undefined, join(tmpdir(), 'no-such-page')), undefined);
  });
});
