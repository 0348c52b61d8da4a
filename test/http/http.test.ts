// The server over HTTP: answers, the contract's schemas, and every kind of bad input.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formatsPlugin from 'ajv-formats';
import type { FastifyInstance } from 'fastify';
import sharp from 'sharp';
import { parse } from 'yaml';
import { buildApp } from '../../src/app.js';
import { type Config, loadConfig } from '../../src/config/index.js';
import { LOCATE_PROPERTIES, OPENAPI_FILE } from '../../src/http/index.js';
import { RegionService } from '../../src/regions/index.js';
import { noisePanorama, pngOf, publishTinyVersion, tinyTile } from '../support/tiny-region.js';

interface Operation {
  readonly parameters?: readonly { readonly name: string }[];
  readonly responses: Readonly<Record<string, unknown>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

const document = parse(readFileSync(OPENAPI_FILE, 'utf8')) as Document;
const ajv = new Ajv2020({ strict: false });
formatsPlugin.default(ajv);
ajv.addSchema({ ...document, $id: 'openapi' });
const conforms = (schema: string, value: unknown) => {
  const check = ajv.getSchema(`openapi#/components/schemas/${schema}`);
  assert.ok(check, schema);
  assert.ok(check(value), `${schema}: ${ajv.errorsText(check.errors)}`);
};

function form(parts: readonly (readonly [name: string, value: string | Uint8Array])[]) {
  const chunks: Buffer[] = [];
  for (const [name, value] of parts) {
    const file = typeof value === 'string' ? '' : '; filename="a.png"\r\nContent-Type: image/png';
    chunks.push(Buffer.from(`--frontier\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`));
    chunks.push(Buffer.from(value), Buffer.from('\r\n'));
  }
  chunks.push(Buffer.from('--frontier--\r\n'));
  return {
    payload: Buffer.concat(chunks),
    headers: { 'content-type': 'multipart/form-data; boundary=frontier' },
  };
}

describe('HTTP', () => {
  let dataDir: string;
  let regions: RegionService;
  let server: FastifyInstance;
  let image: Buffer;
  const env = {
    SKYFIX_API_KEYS: 'correct-horse-battery',
    LOG_LEVEL: 'silent',
    SKYFIX_MAX_UPLOAD_BYTES: '300000',
    SKYFIX_MAX_PIXELS: '200000',
  };
  const config: Config = loadConfig(env);

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'skyfix-http-'));
    await publishTinyVersion(dataDir, 'tiny');
    regions = await RegionService.open(dataDir, { threads: 1 });
    server = await buildApp({ config, regions });
    image = await pngOf(noisePanorama(3));
  });
  after(async () => {
    await server.close();
    await regions.close();
    await rm(dataDir, { recursive: true });
  });

  test('locates a form and a raw body alike, as the contract says', async () => {
    const asForm = await server.inject({
      method: 'POST',
      url: '/locate',
      ...form([
        ['top', '3'],
        ['headingDeg', '0'],
        ['image', image],
      ]),
    });
    const asBody = await server.inject({
      method: 'POST',
      url: '/locate?top=3&headingDeg=0',
      payload: image,
      headers: { 'content-type': 'image/png' },
    });
    for (const response of [asForm, asBody]) {
      assert.equal(response.statusCode, 200, response.body);
      conforms('LocateAnswer', response.json());
      assert.equal(response.json().results[0].tile, tinyTile(3).tile);
      assert.equal(response.headers['x-request-id'], response.json().requestId);
    }
  });

  test('answers GeoJSON to those who accept it', async () => {
    const response = await server.inject({
      method: 'POST',
      url: '/locate',
      payload: image,
      headers: { 'content-type': 'image/png', accept: 'application/geo+json' },
    });
    assert.match(String(response.headers['content-type']), /^application\/geo\+json/);
    conforms('LocateFeatures', response.json());
    const { lon, lat } = tinyTile(3);
    const [x, y] = response.json().features[0].geometry.coordinates;
    assert.ok(Math.abs(x - lon) < 1e-6 && Math.abs(y - lat) < 1e-6);
  });

  test('sends the pictures that were asked for, in both forms of an answer, and no others', async () => {
    const ask = (query: string, accept = 'application/json') =>
      server.inject({
        method: 'POST',
        url: `/locate?headingDeg=0${query}`,
        payload: image,
        headers: { 'content-type': 'image/png', accept },
      });
    assert.equal((await ask('')).json().pictures, undefined);
    const asJson = (await ask('&include=tile,bev,view')).json();
    conforms('LocateAnswer', asJson);
    assert.deepEqual(Object.keys(asJson.pictures).sort(), ['bev', 'tile', 'view']);
    const asGeoJson = (await ask('&include=view', 'application/geo+json')).json();
    conforms('LocateFeatures', asGeoJson);
    assert.deepEqual(asGeoJson.pictures.view, asJson.pictures.view);
    for (const include of ['cat', '', 'bev,', 'bev,bev', 'bev view']) {
      const refused = await ask(`&include=${encodeURIComponent(include)}`);
      assert.equal(refused.statusCode, 400);
      assert.match(refused.json().detail, /"include" must be some of bev,view,tile/);
    }
  });

  const raw = (query: string, payload: () => Buffer | Promise<Buffer>, type = 'image/png') => ({
    query,
    payload,
    type,
  });
  const blank = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: 'grey' } })
      .png()
      .toBuffer();
  const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');
  const refused: Record<string, [code: string, status: number, ReturnType<typeof raw>]> = {
    'top=0': ['PARAMETER_INVALID', 400, raw('?top=0', () => image)],
    'top=51': ['PARAMETER_INVALID', 400, raw('?top=51', () => image)],
    'NaN heading': ['PARAMETER_INVALID', 400, raw('?headingDeg=NaN', () => image)],
    'infinite heading': ['PARAMETER_INVALID', 400, raw('?headingDeg=Infinity', () => image)],
    'hexadecimal top': ['PARAMETER_INVALID', 400, raw('?top=0x5', () => image)],
    'unknown parameter': ['PARAMETER_INVALID', 400, raw('?topp=3', () => image)],
    'prototype as parameter': ['PARAMETER_INVALID', 400, raw('?__proto__=3', () => image)],
    'repeated parameter': ['PARAMETER_INVALID', 400, raw('?top=3&top=4', () => image)],
    'half a prior': ['PARAMETER_INVALID', 400, raw('?lon=3&lat=4', () => image)],
    'two priors': ['PARAMETER_INVALID', 400, raw('?lon=3&lat=4&radiusM=9&bbox=1,2,3,4', () => image)],
    'bbox upside down': ['PARAMETER_INVALID', 400, raw('?bbox=1,5,3,4', () => image)],
    'unknown region': ['REGION_UNKNOWN', 404, raw('?region=atlantis', () => image)],
    'zero bytes': ['IMAGE_EMPTY', 400, raw('', () => Buffer.alloc(0))],
    'not an image': ['IMAGE_UNDECODABLE', 422, raw('', () => Buffer.from('hello, world'))],
    'truncated file': ['IMAGE_UNDECODABLE', 422, raw('', () => image.subarray(0, image.length >> 1))],
    'still GIF': ['IMAGE_UNDECODABLE', 422, raw('', () => gif, 'image/gif')],
    'bomb in pixels': ['IMAGE_TOO_LARGE_PIXELS', 413, raw('', () => blank(1000, 500))],
    'body over the limit': ['IMAGE_TOO_LARGE_BYTES', 413, raw('', () => Buffer.alloc(300_001))],
    '1x1 pixel': ['PANORAMA_TOO_SMALL', 422, raw('', () => blank(1, 1))],
    '4:1 strip': ['PANORAMA_FOV_UNKNOWN', 422, raw('', () => blank(400, 100))],
    'wrong media type': ['MEDIA_TYPE_UNSUPPORTED', 415, raw('', () => Buffer.from('{}'), 'application/json')],
  };
  for (const [name, [code, status, { query, payload, type }]] of Object.entries(refused)) {
    test(`refuses ${name} with ${code}`, async () => {
      const response = await server.inject({
        method: 'POST',
        url: `/locate${query}`,
        payload: await payload(),
        headers: { 'content-type': type },
      });
      assert.equal(response.json().code, code, response.body);
      assert.equal(response.statusCode, status);
      assert.match(String(response.headers['content-type']), /^application\/problem\+json/);
      conforms('Problem', response.json());
      assert.ok(document.paths['/locate']?.post?.responses[status], `${status} is in the contract`);
    });
  }

  const forms: Record<string, [code: string, ReturnType<typeof form>]> = {
    'two images': [
      'IMAGE_DUPLICATED',
      form([
        ['image', new Uint8Array(9)],
        ['image', new Uint8Array(9)],
      ]),
    ],
    'wrong field': ['IMAGE_MISSING', form([['photo', new Uint8Array(9)]])],
    'no file': ['IMAGE_MISSING', form([['top', '3']])],
    'text as image': ['IMAGE_MISSING', form([['image', 'text']])],
    'empty file': ['IMAGE_EMPTY', form([['image', new Uint8Array(0)]])],
    'file over the limit': ['IMAGE_TOO_LARGE_BYTES', form([['image', new Uint8Array(300_001)]])],
    'unknown field': [
      'PARAMETER_INVALID',
      form([
        ['image', new Uint8Array(9)],
        ['tops', '3'],
      ]),
    ],
  };
  for (const [name, [code, request]] of Object.entries(forms)) {
    test(`refuses a form with ${name}: ${code}`, async () => {
      const response = await server.inject({ method: 'POST', url: '/locate', ...request });
      assert.equal(response.json().code, code, response.body);
      conforms('Problem', response.json());
    });
  }

  test('knows its routes and methods', async () => {
    const missing = await server.inject('/nowhere');
    assert.equal(missing.json().code, 'ROUTE_NOT_FOUND');
    const wrong = await server.inject('/locate');
    assert.equal(wrong.statusCode, 405);
    assert.equal(wrong.json().code, 'METHOD_NOT_ALLOWED');
    assert.equal(wrong.headers.allow, 'POST');
    const bent = await server.inject('/regions/%zz');
    assert.equal(bent.statusCode, 400);
    assert.equal(bent.json().code, 'REQUEST_MALFORMED');
  });

  test('reloads for those with the key', async () => {
    const url = '/admin/regions/tiny/reload';
    const send = (authorization?: string, at = url) =>
      server.inject({ method: 'POST', url: at, headers: authorization ? { authorization } : {} });
    assert.equal((await send()).json().code, 'UNAUTHORIZED');
    assert.equal((await send('Bearer wrong-horse-battery')).statusCode, 401);
    const done = await send('Bearer correct-horse-battery');
    assert.equal(done.statusCode, 200, done.body);
    conforms('Region', done.json());
    assert.equal(
      (await send('Bearer correct-horse-battery', '/admin/regions/atlantis/reload')).json().code,
      'REGION_UNKNOWN',
    );
    const closed = await buildApp({ config: { ...config, apiKeys: [] }, regions });
    assert.equal((await closed.inject({ method: 'POST', url })).json().code, 'ADMIN_DISABLED');
    await closed.close();
  });

  test('a full queue says so at once', async () => {
    const full = await buildApp({ config: { ...config, concurrency: 1, queueSize: 0 }, regions });
    const ask = () =>
      full.inject({
        method: 'POST',
        url: '/locate',
        payload: image,
        headers: { 'content-type': 'image/png' },
      });
    const answers = await Promise.all([ask(), ask(), ask()]);
    const busy = answers.filter((answer) => answer.statusCode === 503);
    assert.equal(busy.length, 2);
    assert.equal(busy[0]?.json().code, 'QUEUE_FULL');
    assert.equal(busy[0]?.headers['retry-after'], '1');
    await full.close();
  });

  test('an upload that never ends gets REQUEST_TOO_SLOW; one that breaks off harms nobody', async () => {
    const slow = await buildApp({
      config: { ...config, uploadGraceMs: 100, concurrency: 1, queueSize: 0 },
      regions,
    });
    const url = new URL(await slow.listen({ port: 0, host: '127.0.0.1' }));
    const head =
      'POST /locate HTTP/1.1\r\nHost: a\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nabc';
    const text = await new Promise<string>((resolve) => {
      const socket = connect(Number(url.port), url.hostname, () => socket.write(head));
      socket.once('data', (data) => {
        resolve(String(data));
        socket.destroy();
      });
    });
    assert.match(text, /^HTTP\/1.1 408 [\s\S]*REQUEST_TOO_SLOW/);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(url.port), url.hostname, () =>
        socket.write(head, () => socket.destroy()),
      );
      socket.once('close', () => resolve());
    });
    const nonsense = await new Promise<string>((resolve) => {
      const socket = connect(Number(url.port), url.hostname, () => socket.write('BLUB\r\n\r\n'));
      socket.once('data', (data) => resolve(String(data)));
    });
    assert.match(nonsense, /400 Bad Request[\s\S]*REQUEST_MALFORMED/);
    assert.equal((await fetch(new URL('/readyz', url))).status, 200);
    await slow.close();
  });

  test('routes and contract are the same, both ways', () => {
    const routes = server.printRoutes({ commonPrefix: false });
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const method of Object.keys(operations)) {
        const url = path.replace(/\{(\w+)\}/g, ':$1');
        assert.ok(
          server.hasRoute({ url, method: method.toUpperCase() as 'GET' | 'POST' }),
          `${method} ${path}`,
        );
      }
    }
    const served = [...routes.matchAll(/(?:GET|POST|PUT|DELETE|PATCH)\b/g)].length;
    const written = Object.values(document.paths).flatMap((operations) => Object.keys(operations)).length;
    assert.equal(served, written, routes);
    const parameters = document.paths['/locate']?.post?.parameters?.map(({ name }) => name);
    assert.deepEqual(parameters, Object.keys(LOCATE_PROPERTIES));
    for (const [name, schema] of Object.entries(LOCATE_PROPERTIES)) {
      if (name !== 'bbox' && name !== 'include')
        assert.deepEqual(document.components.schemas[name], schema, name);
    }
  });

  test('metrics count what happened', async () => {
    const text = (await server.inject('/metrics')).body;
    assert.match(text, /skyfix_requests_total\{route="\/locate",method="POST",status="200"\} [1-9]/);
    assert.match(text, /skyfix_stage_duration_seconds_bucket\{le="0.18",stage="embed",outcome="ok"\} [1-9]/);
    assert.match(text, /skyfix_index_tiles\{region="tiny"\} [1-9]/);
  });
});
