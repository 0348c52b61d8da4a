// POST /locate/sequence: the track of the command line, each kind of bad input, overload, and clients that leave.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';
import { parse } from 'yaml';
import { buildApp } from '../../src/app.js';
import { SkyfixError } from '../../src/errors/index.js';
import { type Locate, OPENAPI_FILE } from '../../src/http/index.js';
import { RegionService } from '../../src/regions/index.js';
import { answerOf, deferred, testConfig } from '../support/fake-regions.js';
import { metric, startApp, untilMetric } from '../support/raw-http.js';
import { runSkyfix } from '../support/run-cli.js';
import { noisePanorama, pngOf, publishTinyVersion } from '../support/tiny-region.js';

type Fields = Readonly<Record<string, string>>;
interface Track {
  readonly features: readonly { readonly geometry: unknown; readonly properties: Record<string, unknown> }[];
  readonly requestId: string;
}

const ajv = new Ajv2020({ strict: false });
ajv.addSchema({ ...parse(readFileSync(OPENAPI_FILE, 'utf8')), $id: 'openapi' });
function conforms(value: unknown): void {
  const check = ajv.getSchema('openapi#/components/schemas/SequenceTrack');
  assert.ok(check?.(value), ajv.errorsText(check?.errors));
}

function formOf(images: readonly (string | Uint8Array<ArrayBuffer>)[], fields: Fields = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  for (const [k, image] of images.entries()) form.append('image', new Blob([image]), `${k + 1}.png`);
  return form;
}

const ask = (url: string, body: FormData | Blob, signal?: AbortSignal) =>
  fetch(`${url}/locate/sequence`, { method: 'POST', body, ...(signal && { signal }) });
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

describe('a sequence of the tiny region', () => {
  let dir: string;
  let regions: RegionService;
  let app: FastifyInstance;
  let url: string;
  const images: Uint8Array<ArrayBuffer>[] = [];
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-http-sequence-'));
    await publishTinyVersion(join(dir, 'data'), 'town');
    for (const seed of [1, 2, 4]) images.push(Uint8Array.from(await pngOf(noisePanorama(seed))));
    images.splice(2, 0, Uint8Array.from(Buffer.from('no image')));
    for (const [k, image] of images.entries()) await writeFile(join(dir, `${k + 1}.png`), image);
    regions = await RegionService.open(join(dir, 'data'), { threads: 1 });
    // What the command line has no time limits for.
    app = await buildApp({ config: testConfig({ SKYFIX_REQUEST_TIMEOUT_MS: '600000' }), regions });
    url = await app.listen({ host: '127.0.0.1', port: 0 });
  });
  after(async () => {
    await app.close();
    await regions.close();
    await rm(dir, { recursive: true });
  });

  test('is the track of the command line; a file that is no image is a row', async () => {
    const times = ['2026-05-01T10:00:00Z', '2026-05-01T12:00:11.5+02:00'];
    const frames = [{ time: times[0] }, { distanceM: 40 }, { seconds: 9 }, { distanceM: 80, time: times[1] }];
    const response = await ask(url, formOf(images, { headingDeg: '0', frames: JSON.stringify(frames) }));
    assert.equal(response.status, 200);
    assert.match(String(response.headers.get('content-type')), /^application\/geo\+json/);
    const track = (await response.json()) as Track;
    conforms(track);
    assert.equal(track.requestId, response.headers.get('x-request-id'));
    assert.equal(track.features[3]?.properties.code, 'IMAGE_UNDECODABLE');
    assert.equal(track.features[4]?.properties.time, times[1]);
    await writeFile(
      join(dir, 'walk.csv'),
      `file,distanceM,seconds,time\n1.png,,,${times[0]}\n2.png,40,,\n3.png,,9,\n4.png,80,,${times[1]}\n`,
    );
    const args = ['locate', '--sequence', join(dir, 'walk.csv'), '--heading', '0'];
    const { stdout } = await runSkyfix(args, { SKYFIX_DATA: join(dir, 'data') });
    // Files are called otherwise, and messages say a little less to strangers.
    const comparable = ({ features }: Track) =>
      features.map(({ geometry, properties: { file: _file, message: _message, ...properties } }) => ({
        geometry,
        properties,
      }));
    assert.deepEqual(comparable(track), comparable(JSON.parse(stdout)));
    assert.deepEqual(
      track.features.map(({ properties }) => properties.file),
      [undefined, '1.png', '2.png', '3.png', '4.png'],
    );
    assert.equal(await metric(app, 'skyfix_sequence_frames_total{outcome="ok"}'), 3);
    assert.equal(await metric(app, 'skyfix_sequence_frames_total{outcome="failed"}'), 1);
    assert.equal(await metric(app, 'skyfix_sequence_verdicts_total{verdict="located"}'), 1);
    assert.equal(await metric(app, 'skyfix_upload_memory_bytes'), 0);
  });

  test('where no panorama can be located the whole is an unusable image, and an answer', async () => {
    const track = (await (await ask(url, formOf(['a', '']))).json()) as Track;
    conforms(track);
    assert.equal(track.features[0]?.properties.verdict, 'unusable image');
    assert.deepEqual(
      track.features.slice(1).map(({ properties }) => properties.code),
      ['IMAGE_UNDECODABLE', 'IMAGE_EMPTY'],
    );
  });
});

test('fields are for all, frames for each and before them; each panorama is asked for all of its places', async () => {
  const seen: unknown[] = [];
  const locate: Locate = async (_region, upload, options) => {
    const { top, headingDeg, cameraHeightM, heading, prior } = options;
    seen.push([Buffer.from(upload).toString(), top, headingDeg, cameraHeightM, heading, prior]);
    return answerOf('demo');
  };
  const { app, url } = await startApp({}, locate);
  const frames = JSON.stringify([{ headingDeg: 3 }, { cameraHeightM: 1.5, heading: 'unknown' }, {}]);
  const response = await ask(url, formOf(['a', 'b', 'c'], { cameraHeightM: '2', bbox: '1,2,3,4', frames }));
  conforms(await response.json());
  const prior = { bounds: [1, 2, 3, 4] };
  assert.deepEqual(seen, [
    ['a', 50, 3, 2, 'auto', prior],
    ['b', 50, undefined, 1.5, 'unknown', prior],
    ['c', 50, undefined, 2, 'auto', prior],
  ]);
  await app.close();
});

test('each kind of bad input is refused with its code, before any work', async () => {
  let asked = 0;
  const locate: Locate = async () => {
    asked++;
    return answerOf('demo');
  };
  const { app, url } = await startApp(
    { SKYFIX_SEQUENCE_FRAMES: '3', SKYFIX_SEQUENCE_BYTES: '3000', SKYFIX_MAX_UPLOAD_BYTES: '2000' },
    locate,
  );
  const two = (fields: Fields) => formOf(['a', 'b'], fields);
  const longer = new Uint8Array(2001);
  const cases: readonly (readonly [FormData | Blob, number, string, RegExp])[] = [
    [formOf([]), 400, 'IMAGE_MISSING', /no file/],
    [formOf([], { region: 'demo' }), 400, 'IMAGE_MISSING', /no file/],
    [new Blob(['x'], { type: 'image/png' }), 415, 'MEDIA_TYPE_UNSUPPORTED', /is a form/],
    [formOf(['a', 'b', 'c', 'd']), 413, 'SEQUENCE_TOO_LONG', /At most 3 panoramas/],
    [formOf([new Uint8Array(80_000), 'a']), 413, 'SEQUENCE_TOO_LONG', /At most 3000 bytes/],
    [formOf([longer]), 413, 'IMAGE_TOO_LARGE_BYTES', /2000/],
    [two({ top: '3' }), 400, 'PARAMETER_INVALID', /"top" is not a parameter of a sequence/],
    [two({ colour: 'red' }), 400, 'PARAMETER_INVALID', /"colour"/],
    [two({ pitchDeg: '100' }), 400, 'PARAMETER_INVALID', /"pitchDeg" must be <= 90; it is "100"/],
    [two({ frames: '[{},' }), 400, 'PARAMETER_INVALID', /JSON array/],
    [two({ frames: '{}' }), 400, 'PARAMETER_INVALID', /"frames" must be array/],
    [two({ frames: '[{}]' }), 400, 'PARAMETER_INVALID', /1 entries; the form has 2 images/],
    [
      two({ frames: '[{},{"distanceM":-1}]' }),
      400,
      'PARAMETER_INVALID',
      /"frames\[1\]\.distanceM".*it is -1/,
    ],
    [two({ frames: '[{"time":"noon"},{}]' }), 400, 'PARAMETER_INVALID', /"frames\[0\]\.time".*it is "noon"/],
    [
      two({ frames: '[{},{"time":"2026-02-29T10:00"}]' }),
      400,
      'PARAMETER_INVALID',
      /frames\[1\]\.time" is "2026-02-29T10:00", which is in no calendar/,
    ],
    [two({ frames: '[{"top":1},{}]' }), 400, 'PARAMETER_INVALID', /"frames\[0\]".*it has "top"/],
    [
      two({ heading: 'unknown', frames: '[{},{"headingDeg":3}]' }),
      400,
      'PARAMETER_INVALID',
      /frames\[1\]: heading is "unknown"/,
    ],
    [two({ frames: ' '.repeat(9000) }), 400, 'PARAMETER_INVALID', /"frames" is too long/],
    [two({ bbox: ' '.repeat(1500) }), 400, 'PARAMETER_INVALID', /"bbox" is too long/],
    [two({ region: 'none' }), 404, 'REGION_UNKNOWN', /none/],
  ];
  for (const [body, status, code, detail] of cases) {
    const response = await ask(url, body);
    const problem = (await response.json()) as { code: string; detail: string };
    assert.deepEqual([response.status, problem.code], [status, code], problem.detail);
    assert.match(problem.detail, detail);
  }
  assert.equal(asked, 0);
  await untilMetric(app, 'skyfix_upload_memory_bytes', 0);
  assert.equal(await metric(app, 'skyfix_sequences'), 0);
  await app.close();
});

test('a fault of the server, or its stop, ends the whole', async () => {
  const locate: Locate = async () => {
    throw new SkyfixError('INTERNAL', 'The encoder broke.');
  };
  const { app, url } = await startApp({}, locate);
  const response = await ask(url, formOf(['a', 'b']));
  assert.deepEqual([response.status, await codeOf(response)], [500, 'INTERNAL']);
  await app.close();
});

/** A server whose locate() waits until it is let go. */
async function startHeld(env: Record<string, string>) {
  const held: ReturnType<typeof deferred<void>>[] = [];
  const order: string[] = [];
  const locate: Locate = async (_region, upload) => {
    const gate = deferred<void>();
    held.push(gate);
    order.push(Buffer.from(upload).toString());
    await gate.promise;
    return answerOf('demo');
  };
  const { app, url, regions } = await startApp({ SKYFIX_BUDGET_MS: '0', ...env }, locate);
  return { app, url, regions, held, order };
}

test('others have their turn between its panoramas; one sequence more than allowed is told to come later', async () => {
  const { app, url, held, order, regions } = await startHeld({
    SKYFIX_SEQUENCES: '1',
    SKYFIX_CONCURRENCY: '1',
    SKYFIX_QUEUE_SIZE: '1',
  });
  const sequence = ask(url, formOf(['a', 'b', 'c']));
  await untilMetric(app, 'skyfix_in_flight', 1);
  const second = await ask(url, formOf(['x']));
  assert.deepEqual([second.status, await codeOf(second)], [503, 'QUEUE_FULL']);
  assert.ok(Number(second.headers.get('retry-after')) >= 1);
  const single = fetch(`${url}/locate`, {
    method: 'POST',
    headers: { 'content-type': 'image/png' },
    body: 'single',
  });
  await untilMetric(app, 'skyfix_queue_depth', 1);
  // "b" finds the queue full as it was when "a" was let go, and waits all the same.
  for (let k = 0; k < 4; k++) {
    while (held.length <= k) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await metric(app, 'skyfix_in_flight'), 1);
    held[k]?.resolve();
  }
  assert.deepEqual([(await single).status, (await sequence).status], [200, 200]);
  assert.deepEqual(order, ['a', 'single', 'b', 'c']);
  assert.equal(regions.leases, 0);
  assert.equal(await metric(app, 'skyfix_sequences'), 0);
  await app.close();
});

test('files that are located are let go of; the work of a client that has gone stops', async () => {
  const { app, url, held, order, regions } = await startHeld({ SKYFIX_CONCURRENCY: '1' });
  const controller = new AbortController();
  const gone = ask(url, formOf(['a', 'b', 'c']), controller.signal).catch(() => 'gone');
  await untilMetric(app, 'skyfix_in_flight', 1);
  const before = (await metric(app, 'skyfix_upload_memory_bytes')) ?? 0;
  held[0]?.resolve();
  while (held.length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await metric(app, 'skyfix_upload_memory_bytes'), before - 1);
  controller.abort();
  assert.equal(await gone, 'gone');
  await untilMetric(app, 'skyfix_requests_total{route="/locate/sequence",method="POST",status="aborted"}', 1);
  held[1]?.resolve();
  await untilMetric(app, 'skyfix_sequences', 0);
  assert.deepEqual(order, ['a', 'b']);
  assert.equal(regions.leases, 0);
  assert.equal(await metric(app, 'skyfix_upload_memory_bytes'), 0);
  await app.close();
});

test('a server that stops ends the panorama that it works on, and says that the rest is not to come', async () => {
  const { app, url, held, order, regions } = await startHeld({ SKYFIX_CONCURRENCY: '1' });
  const sequence = ask(url, formOf(['a', 'b', 'c']));
  while (held.length < 1) await new Promise((resolve) => setImmediate(resolve));
  const closed = app.close();
  while (app.server.listening) await new Promise((resolve) => setImmediate(resolve));
  held[0]?.resolve();
  const response = await sequence;
  assert.deepEqual([response.status, await codeOf(response)], [503, 'NOT_READY']);
  await closed;
  assert.deepEqual(order, ['a']);
  assert.equal(regions.leases, 0);
});
