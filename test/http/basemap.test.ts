// The basemap over HTTP: every range is what the file has there, and the pmtiles package reads it as a browser does.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { FetchSource, PMTiles } from 'pmtiles';
import { buildApp } from '../../src/app.js';
import { ArchiveWriter } from '../../src/basemap/index.js';
import { sha256OfBytes } from '../../src/files/index.js';
import type { RegionMap } from '../../src/regions/index.js';
import { FakeRegions, testConfig } from '../support/fake-regions.js';
import { withTemporaryFolder } from '../support/tiny-region.js';

const URL_PATH = '/regions/demo/basemap.pmtiles';

async function withMap(use: (app: Awaited<ReturnType<typeof buildApp>>, bytes: Buffer) => Promise<void>) {
  await withTemporaryFolder(async (dir) => {
    const path = join(dir, 'basemap.pmtiles');
    const writer = await ArchiveWriter.open(path);
    for (let x = 0; x < 8; x++) await writer.add({ z: 3, x, y: 2 }, Buffer.from(`tile of column ${x}`));
    await writer.finish({ minZoom: 3, maxZoom: 3, bounds: [0, 0, 1, 1], name: 'test' });
    const bytes = await readFile(path);
    class WithMap extends FakeRegions {
      override mapOf(name: string): RegionMap {
        const file = { path, bytes: bytes.length, sha256: sha256OfBytes(bytes) };
        return { ...super.mapOf(name), basemap: file };
      }
    }
    const env = { SKYFIX_CORS_ORIGINS: 'https://maps.example' };
    const app = await buildApp({ config: testConfig(env), regions: new WithMap() });
    await use(app, bytes).finally(() => app.close());
  });
}

test('whole, and in every range', async () => {
  await withMap(async (app, bytes) => {
    const whole = await app.inject(URL_PATH);
    assert.equal(whole.statusCode, 200);
    assert.deepEqual(whole.rawPayload, bytes);
    assert.equal(whole.headers['accept-ranges'], 'bytes');
    assert.equal(whole.headers['content-type'], 'application/vnd.pmtiles');
    const size = bytes.length;
    await fc.assert(
      fc.asyncProperty(fc.nat(size - 1), fc.nat(size + 50), async (a, b) => {
        const [first, last] = [Math.min(a, b), Math.max(a, b)];
        const { statusCode, headers, rawPayload } = await app.inject({
          url: URL_PATH,
          headers: { range: `bytes=${first}-${last}` },
        });
        assert.equal(statusCode, 206);
        assert.deepEqual(rawPayload, bytes.subarray(first, last + 1));
        assert.equal(headers['content-range'], `bytes ${first}-${Math.min(last, size - 1)}/${size}`);
        assert.equal(headers['content-length'], String(rawPayload.length));
      }),
      { numRuns: 40 },
    );
    const part = async (range: string) =>
      (await app.inject({ url: URL_PATH, headers: { range } })).rawPayload;
    assert.deepEqual(await part('bytes=10-'), bytes.subarray(10));
    assert.deepEqual(await part('bytes=-7'), bytes.subarray(-7));
    assert.deepEqual(await part(`bytes=-${size * 2}`), bytes);
    // What is no single range of bytes is left alone (RFC 9110, section 14.2).
    for (const odd of ['bytes=0-1,4-5', 'lines=1-2', 'bytes=9-2', 'bytes=x-', 'bytes=-']) {
      const answer = await app.inject({ url: URL_PATH, headers: { range: odd } });
      assert.deepEqual([answer.statusCode, answer.rawPayload.length], [200, size], odd);
    }
  });
});

test('416 beyond the end, 304 for who has it, all of it for who had another', async () => {
  await withMap(async (app, bytes) => {
    for (const range of [
      `bytes=${bytes.length}-`,
      `bytes=${bytes.length + 9}-${bytes.length + 20}`,
      'bytes=-0',
    ]) {
      const beyond = await app.inject({ url: URL_PATH, headers: { range } });
      assert.equal(beyond.statusCode, 416, range);
      assert.equal(beyond.json().code, 'RANGE_NOT_SATISFIABLE');
      assert.equal(beyond.headers['content-range'], `bytes */${bytes.length}`);
    }
    const { etag = '' } = (await app.inject(URL_PATH)).headers;
    assert.match(String(etag), /^"[0-9a-f]{32}"$/);
    const known = await app.inject({ url: URL_PATH, headers: { 'if-none-match': `"x", W/${etag}` } });
    assert.deepEqual([known.statusCode, known.rawPayload.length], [304, 0]);
    const ifRange = async (tag: string) =>
      (await app.inject({ url: URL_PATH, headers: { range: 'bytes=0-6', 'if-range': tag } })).statusCode;
    assert.equal(await ifRange(String(etag)), 206);
    assert.equal(await ifRange('"another"'), 200);
    const head = await app.inject({ method: 'HEAD', url: URL_PATH });
    assert.deepEqual(
      [head.statusCode, head.headers['content-length'], head.rawPayload.length],
      [200, String(bytes.length), 0],
    );
  });
});

test('the pmtiles package reads it by fetch, a page of another origin too', async () => {
  await withMap(async (app) => {
    const origin = await app.listen({ host: '127.0.0.1', port: 0 });
    const archive = new PMTiles(new FetchSource(`${origin}${URL_PATH}`));
    assert.equal((await archive.getHeader()).maxZoom, 3);
    const found = await archive.getZxy(3, 5, 2);
    assert.equal(Buffer.from(found?.data ?? new ArrayBuffer()).toString(), 'tile of column 5');
    const headers = { origin: 'https://maps.example', 'access-control-request-method': 'GET' };
    const preflight = await app.inject({
      method: 'OPTIONS',
      url: URL_PATH,
      headers: { ...headers, 'access-control-request-headers': 'range,if-none-match' },
    });
    assert.equal(preflight.statusCode, 204);
    assert.match(String(preflight.headers['access-control-allow-headers']), /Range/);
    const answer = await app.inject({ url: URL_PATH, headers: { ...headers, range: 'bytes=0-3' } });
    assert.equal(answer.headers['access-control-allow-origin'], 'https://maps.example');
    for (const name of ['ETag', 'Content-Range', 'Content-Length']) {
      assert.match(String(answer.headers['access-control-expose-headers']), new RegExp(name));
    }
  });
});

test('a region without one says how it gets one; an unknown region is unknown', async () => {
  const app = await buildApp({ config: testConfig(), regions: new FakeRegions() });
  const without = await app.inject(URL_PATH);
  assert.deepEqual([without.statusCode, without.json().code], [404, 'BASEMAP_MISSING']);
  assert.match(without.json().advice, /skyfix index rebuild/);
  const unknown = await app.inject('/regions/none/basemap.pmtiles');
  assert.deepEqual([unknown.statusCode, unknown.json().code], [404, 'REGION_UNKNOWN']);
  const region = await app.inject('/regions/demo');
  assert.match(String(region.headers['content-type']), /^application\/geo\+json/);
  assert.deepEqual(region.json().bbox, [10, 50, 10.01, 50.01]);
  await app.close();
});
