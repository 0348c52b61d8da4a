// The client against the real application: typed answers, problems, retries, and what ends a call.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { clientTypes } from '../../client/generate.js';
import { SkyfixClient, SkyfixProblem, SkyfixUnreachable } from '../../client/index.js';
import { openImage } from '../../client/node.js';
import { SkyfixError } from '../../src/errors/index.js';
import type { Locate } from '../../src/http/index.js';
import { answerOf } from '../support/fake-regions.js';
import { startApp } from '../support/raw-http.js';
import { withTemporaryFolder } from '../support/tiny-region.js';

const ROOT = new URL('../../../', import.meta.url);
const textOf = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const image = new Uint8Array([1, 2, 3]);

async function withServer(
  locate: Locate,
  use: (url: string) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  const { app, url } = await startApp(env, locate);
  await use(url).finally(() => app.close());
}

test("the types are openapi.yaml's", () => {
  // The formatter moves quotes and line breaks, no words.
  const wordsOf = (text: string) => text.match(/[\w./-]+/g);
  const [made, kept] = [clientTypes(textOf('openapi.yaml')), textOf('client/types.ts')];
  assert.deepEqual(wordsOf(kept), wordsOf(made), 'build, run "node dist/client/generate.js", format');
});

test('what browsers load imports nothing of Node', () => {
  for (const file of ['index', 'client', 'errors', 'types']) {
    assert.doesNotMatch(textOf(`dist/client/${file}.js`), /node:|require\(/);
  }
});

test('an image in every form, with its options; answers in both forms', async () => {
  const seen: { bytes: string; top: number; include: unknown; bounds: unknown }[] = [];
  const locate: Locate = async (_region, upload, { top, include, prior }) => {
    seen.push({ bytes: Buffer.from(upload).toString('hex'), top, include, bounds: prior });
    return answerOf('demo');
  };
  await withServer(locate, async (url) => {
    const client = new SkyfixClient(url);
    const parameters = { top: 3, include: ['bev', 'tile'], bbox: [1, 2, 3, 4], region: 'demo' } as const;
    const answer = await client.locate(image, parameters);
    assert.equal(answer.results[0]?.tile, 'place-1');
    assert.equal(typeof answer.results[0]?.probability, 'number');
    await client.locate(image.buffer, parameters);
    await client.locate(Buffer.from(image), parameters);
    await withTemporaryFolder(async (dir) => {
      writeFileSync(join(dir, 'a.png'), image);
      await client.locate(await openImage(join(dir, 'a.png')), parameters);
    });
    const features = await client.locateFeatures(new Blob([image]), parameters);
    assert.equal(features.features[0]?.geometry.type, 'Point');
    const one = { bytes: '010203', top: 3, include: ['bev', 'tile'], bounds: { bounds: [1, 2, 3, 4] } };
    assert.deepEqual(seen, [one, one, one, one, one]);
    assert.deepEqual(
      (await client.regions()).map(({ region }) => region),
      ['demo'],
    );
    assert.equal((await client.region('demo')).geometry.type, 'MultiPolygon');
    assert.equal(client.basemapUrl('demo'), `${url}/regions/demo/basemap.pmtiles`);
    assert.equal(await client.ready(), true);
  });
});

test('a sequence: images in their order with what is known of each, and its track', async () => {
  const seen: unknown[] = [];
  const locate: Locate = async (_region, upload, { headingDeg, cameraHeightM }) => {
    seen.push([Buffer.from(upload).toString('hex'), headingDeg, cameraHeightM]);
    return answerOf('demo');
  };
  await withServer(locate, async (url) => {
    const images = [
      { image, name: 'a.jpg', headingDeg: 7 },
      { image: new Blob([image]), distanceM: 12.5 },
    ];
    const { features, region } = await new SkyfixClient(url).locateSequence(images, { cameraHeightM: 2 });
    assert.deepEqual(seen, [
      ['010203', 7, 2],
      ['010203', undefined, 2],
    ]);
    const [way, first, second] = features;
    assert.deepEqual([region, way.properties.frames], ['demo', 2]);
    assert.equal(way.geometry?.coordinates.length, 2);
    assert.equal(first?.properties.file, 'a.jpg');
    assert.equal(second?.properties.distanceM, 12.5);
  });
});

test('a refusal is a problem with its code and advice; it is not asked again', async () => {
  let asked = 0;
  const locate: Locate = async () => {
    asked++;
    throw new SkyfixError('PANORAMA_BLANK', 'All of it is black.');
  };
  await withServer(locate, async (url) => {
    const client = new SkyfixClient(`${url}/`);
    const failure = await client.locate(image, {}, { requestId: 'mine-7' }).catch((error: unknown) => error);
    assert.ok(failure instanceof SkyfixProblem);
    assert.deepEqual(
      [failure.status, failure.code, failure.problem?.requestId],
      [422, 'PANORAMA_BLANK', 'mine-7'],
    );
    assert.match(failure.message, /All of it is black/);
    assert.equal(asked, 1);
    const unknown = await client.region('none').catch((error: unknown) => error);
    assert.ok(unknown instanceof SkyfixProblem && unknown.code === 'REGION_UNKNOWN');
    await assert.rejects(client.reload('demo'), { status: 403 });
  });
});

test('what the server cannot take now is asked again when it says, not earlier and not all at once', async () => {
  let refusals = 2;
  const locate: Locate = async () => {
    if (refusals-- > 0) throw new SkyfixError('QUEUE_FULL', 'Too many wait.');
    return answerOf('demo');
  };
  await withServer(locate, async (url) => {
    const waits: number[] = [];
    const wait = async (ms: number) => {
      waits.push(ms);
    };
    const client = new SkyfixClient(url, { wait });
    assert.equal((await client.locate(image)).region, 'demo');
    assert.equal(waits.length, 2);
    for (const ms of waits) assert.ok(ms >= 1000 && ms <= 1500, `waited ${ms} ms after Retry-After: 1`);
    refusals = 9;
    await assert.rejects(client.locate(image, {}, { retries: 1 }), { status: 503, code: 'QUEUE_FULL' });
    assert.equal(waits.length, 3);
  });
});

test('a call ends when its caller, or the time, says so', async () => {
  const locate: Locate = () => new Promise(() => {});
  const { app, url } = await startApp({}, locate);
  const client = new SkyfixClient(url);
  const controller = new AbortController();
  const asked = client.locate(image, {}, { signal: controller.signal });
  controller.abort(new Error('no longer wanted'));
  await assert.rejects(asked, /no longer wanted/);
  await assert.rejects(client.locate(image, {}, { timeoutMs: 50 }), { name: 'TimeoutError' });
  app.server.closeAllConnections();
  await app.close();
  const gone = await client.regions().catch((error: unknown) => error);
  assert.ok(gone instanceof SkyfixUnreachable);
});
