// openapi.yaml is the contract: what the server really says is in it, as written there, and its examples are valid.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formatsPlugin from 'ajv-formats';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { parse } from 'yaml';
import { buildApp } from '../../src/app.js';
import { ERROR_CODES, type ErrorCode, SkyfixError } from '../../src/errors/index.js';
import { OPENAPI_FILE } from '../../src/http/index.js';
import { answerOf, FakeRegions, testConfig } from '../support/fake-regions.js';

interface MediaType {
  readonly schema: object;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface Response {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, MediaType>>;
  readonly headers?: Readonly<Record<string, unknown>>;
}
interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly examples?: readonly unknown[] }>>;
    readonly responses: Readonly<Record<string, Response>>;
  };
}

const text = readFileSync(OPENAPI_FILE, 'utf8');
const document = parse(text) as Document;
const ajv = new Ajv2020({ strict: false });
formatsPlugin.default(ajv);
ajv.addSchema({ ...document, $id: 'openapi' });

/** JSON pointers into the document, so that its own references resolve. */
function validate(pointer: readonly string[], value: unknown): void {
  const path = pointer
    .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const check = ajv.getSchema(`openapi#/${path}`);
  assert.ok(check, `no schema at ${path}`);
  assert.ok(check(value), `${path}: ${ajv.errorsText(check.errors)}`);
}

/** Sends a request and holds the answer against what the document says of this path, method, status and media type. */
async function exchange(app: FastifyInstance, path: string, request: InjectOptions): Promise<number> {
  const response = await app.inject({ url: path, ...request });
  const method = (request.method ?? 'GET').toLowerCase();
  const written = document.paths[path]?.[method]?.responses[String(response.statusCode)];
  const where = `${method} ${path} ${response.statusCode} ${response.body.slice(0, 200)}`;
  assert.ok(written, `not in the document: ${where}`);
  const name = written.$ref?.split('/').at(-1);
  const resolved = name ? document.components.responses[name] : written;
  const pointer = name
    ? ['components', 'responses', name]
    : ['paths', path, method, 'responses', String(response.statusCode)];
  const mediaType = String(response.headers['content-type']).split(';')[0] ?? '';
  assert.ok(resolved?.content?.[mediaType], `${mediaType} is not in the document: ${where}`);
  const value = /(json|yaml)$/.test(mediaType) ? parse(response.body) : response.body;
  validate([...pointer, 'content', mediaType, 'schema'], value);
  // Those of quotas come where there are any.
  for (const header of Object.keys(resolved.headers ?? {}).filter((name) => !name.startsWith('RateLimit'))) {
    assert.ok(response.headers[header.toLowerCase()], `no ${header}: ${where}`);
  }
  assert.ok(response.headers['x-request-id'], where);
  return response.statusCode;
}

const KEY = 'correct-horse-battery';
const png: InjectOptions = { method: 'POST', headers: { 'content-type': 'image/png' }, payload: 'pixels' };

test('answers and errors of every route are as the document says', async () => {
  const regions = new FakeRegions();
  let failure: ErrorCode | undefined;
  const app = await buildApp({
    config: testConfig({ SKYFIX_API_KEYS: KEY }),
    regions,
    locate: async () => {
      if (failure) throw new SkyfixError(failure, 'So it is.');
      return answerOf('demo');
    },
  });
  for (const path of ['/healthz', '/readyz', '/metrics', '/regions', '/openapi.yaml']) {
    assert.equal(await exchange(app, path, {}), 200);
  }
  assert.equal(await exchange(app, '/regions/{region}', { url: '/regions/demo' }), 200);
  assert.equal(await exchange(app, '/regions/{region}', { url: '/regions/none' }), 404);
  const map = '/regions/{region}/basemap.pmtiles';
  assert.equal(await exchange(app, map, { url: '/regions/demo/basemap.pmtiles' }), 404);
  assert.equal(await exchange(app, '/locate', png), 200);
  const geojson = { ...png, headers: { ...png.headers, accept: 'application/geo+json' } };
  assert.equal(await exchange(app, '/locate', geojson), 200);
  assert.equal(await exchange(app, '/locate', { method: 'POST' }), 400);
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    if (!/^(IMAGE|PANORAMA|PARAMETER|REGION|QUEUE|REQUEST|NOT_READY|RECOVERING|INTERNAL|MEDIA)/.test(code))
      continue;
    failure = code;
    assert.equal(await exchange(app, '/locate', png), ERROR_CODES[code].status);
  }
  failure = undefined;
  const part = 'Content-Disposition: form-data; name="image"; filename="a.png"';
  const sequence: InjectOptions = {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
    payload: ['a', 'c']
      .map((text) => `--b\r\n${part}\r\n\r\n${text}\r\n`)
      .join('')
      .concat('--b--\r\n'),
  };
  assert.equal(await exchange(app, '/locate/sequence', sequence), 200);
  assert.equal(await exchange(app, '/locate/sequence', { ...sequence, headers: png.headers ?? {} }), 415);
  for (const code of ['REQUEST_TIMEOUT', 'RECOVERING', 'INTERNAL', 'IMAGE_ANIMATED'] as const) {
    failure = code;
    const status = code === 'IMAGE_ANIMATED' ? 200 : ERROR_CODES[code].status;
    assert.equal(await exchange(app, '/locate/sequence', sequence), status);
  }
  const path = '/admin/regions/{region}/reload';
  const url = '/admin/regions/demo/reload';
  const authorized = { method: 'POST', url, headers: { authorization: `Bearer ${KEY}` } } as const;
  assert.equal(await exchange(app, path, { method: 'POST', url }), 401);
  assert.equal(await exchange(app, path, authorized), 200);
  assert.equal(await exchange(app, path, { ...authorized, url: '/admin/regions/none/reload' }), 404);
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    if (!/^(INDEX|BUNDLE)/.test(code) || code === 'INDEX_NO_PREVIOUS') continue;
    regions.refusal = new SkyfixError(code, 'So it is.');
    assert.equal(await exchange(app, path, authorized), ERROR_CODES[code].status);
  }
  regions.ready = false;
  assert.equal(await exchange(app, '/readyz', {}), 503);
  await app.close();
  const closed = await buildApp({ config: testConfig(), regions });
  assert.equal(await exchange(closed, path, { method: 'POST', url }), 403);
  await closed.close();
});

test('the served document is the file', async () => {
  const app = await buildApp({ config: testConfig(), regions: new FakeRegions() });
  const response = await app.inject('/openapi.yaml');
  assert.equal(response.body, text);
  assert.match(String(response.headers['content-type']), /^application\/yaml/);
  await app.close();
});

test('its examples are valid', () => {
  let seen = 0;
  for (const [name, { examples = [] }] of Object.entries(document.components.schemas)) {
    for (const example of examples) {
      validate(['components', 'schemas', name], example);
      seen++;
    }
  }
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        for (const [mediaType, { example, examples = {} }] of Object.entries(content)) {
          const pointer = ['paths', path, method, 'responses', status, 'content', mediaType, 'schema'];
          const values = [
            ...(example === undefined ? [] : [example]),
            ...Object.values(examples).map((e) => e.value),
          ];
          for (const value of values) validate(pointer, value);
          seen += values.length;
        }
      }
    }
  }
  assert.ok(seen >= 5, `only ${seen} examples`);
});

test('a problem document names its code as RFC 9457 wants, and repeats no secret of the request', async () => {
  const app = await buildApp({ config: testConfig({ SKYFIX_API_KEYS: KEY }), regions: new FakeRegions() });
  const response = await app.inject({
    method: 'POST',
    url: '/admin/regions/demo/reload?token=hidden',
    headers: { authorization: 'Bearer wrong-key-wrong-key', 'x-request-id': 'ticket-17' },
  });
  const problem = response.json();
  assert.equal(problem.type, 'urn:skyfix:error:unauthorized');
  assert.equal(problem.status, 401);
  assert.equal(problem.instance, '/admin/regions/demo/reload');
  assert.equal(problem.requestId, 'ticket-17');
  assert.equal(response.headers['x-request-id'], 'ticket-17');
  assert.match(String(response.headers['www-authenticate']), /^Bearer/);
  assert.doesNotMatch(response.body, /hidden|wrong-key/);
  const odd = await app.inject({ url: '/healthz', headers: { 'x-request-id': 'a b\tc' } });
  assert.match(String(odd.headers['x-request-id']), /^[0-9a-f-]{36}$/);
  await app.close();
});

test('Accept decides between JSON and GeoJSON', async () => {
  const app = await buildApp({
    config: testConfig(),
    regions: new FakeRegions(),
    locate: async () => answerOf('demo'),
  });
  const typeFor = async (accept?: string) => {
    const headers = { 'content-type': 'image/png', ...(accept === undefined ? {} : { accept }) };
    const response = await app.inject({ ...png, url: '/locate', headers });
    return String(response.headers['content-type']).split(';')[0];
  };
  assert.equal(await typeFor(), 'application/json');
  assert.equal(await typeFor('*/*'), 'application/json');
  assert.equal(await typeFor('application/geo+json'), 'application/geo+json');
  assert.equal(await typeFor('application/geo+json;q=0.5, application/json'), 'application/json');
  assert.equal(await typeFor('application/json;q=0.5, application/geo+json;q=0.9'), 'application/geo+json');
  assert.equal(await typeFor('application/geo+json;q=0'), 'application/json');
  await app.close();
});
