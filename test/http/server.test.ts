// The whole server over its socket, with real networks and a real index in miniature: answers, signals, versions.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SkyfixError } from '../../src/errors/index.js';
import { startServer } from '../../src/server.js';
import { testConfig } from '../support/fake-regions.js';
import {
  noisePanorama,
  pngOf,
  publishTinyVersion,
  tinyTile,
  withTemporaryFolder,
} from '../support/tiny-region.js';

interface Answer {
  readonly indexVersion: string;
  readonly results: readonly { readonly tile: string }[];
}

async function locateSeed(url: string, seed: number): Promise<Answer> {
  const form = new FormData();
  form.set('image', new Blob([new Uint8Array(await pngOf(noisePanorama(seed)))]), 'panorama.png');
  form.set('headingDeg', '0');
  const response = await fetch(`${url}/locate`, { method: 'POST', body: form });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text) as Answer;
}

const SECOND = '20260102T000000Z-00000002';
const THIRD = '20260103T000000Z-00000003';

test('finds places; takes published versions up on SIGHUP and reload without failing a request; refuses bad ones', async () => {
  await withTemporaryFolder(async (dir) => {
    await publishTinyVersion(dir, 'demo');
    const key = 'correct-horse-battery';
    const server = await startServer(
      testConfig({ SKYFIX_DATA: dir, SKYFIX_API_KEYS: key, SKYFIX_THREADS: '1' }),
    );
    for (const seed of [0, 4, 9]) {
      assert.equal((await locateSeed(server.url, seed)).results[0]?.tile, tinyTile(seed).tile);
    }
    await publishTinyVersion(dir, 'demo', { indexVersion: SECOND, nudge: 0.001 });
    assert.notEqual((await locateSeed(server.url, 1)).indexVersion, SECOND);
    process.kill(process.pid, 'SIGHUP');
    // Counted and logged, as the reload by request is.
    const counted = async () => (await fetch(`${server.url}/metrics`)).text();
    // One request after the other, through the swap: every one has to succeed.
    const deadline = Date.now() + 20_000;
    let seed = 0;
    while ((await locateSeed(server.url, seed++ % 10)).indexVersion !== SECOND) {
      assert.ok(Date.now() < deadline, 'the new version never came');
    }
    while (!/skyfix_region_reloads_total\{region="demo",outcome="ok"\} 1/.test(await counted())) {
      assert.ok(Date.now() < deadline, 'the reload was never counted');
    }
    await publishTinyVersion(dir, 'demo', { indexVersion: THIRD, recallAt10: 0.1 });
    const reload = await fetch(`${server.url}/admin/regions/demo/reload`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}` },
    });
    assert.equal(reload.status, 409);
    assert.equal(((await reload.json()) as { code: string }).code, 'INDEX_RECALL_TOO_LOW');
    assert.equal((await locateSeed(server.url, 2)).indexVersion, SECOND);
    await server.close();
    await assert.rejects(fetch(`${server.url}/healthz`));
  });
});

test('starts without regions, not ready; stops on a taken port with everything closed', async () => {
  await withTemporaryFolder(async (dir) => {
    const server = await startServer(testConfig({ SKYFIX_DATA: dir }));
    assert.equal((await fetch(`${server.url}/readyz`)).status, 503);
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200);
    const { port } = new URL(server.url);
    await assert.rejects(startServer(testConfig({ SKYFIX_DATA: dir, PORT: port })), { code: 'EADDRINUSE' });
    await publishTinyVersion(dir, 'demo', { recallAt10: 0.1 });
    await assert.rejects(
      startServer(testConfig({ SKYFIX_DATA: dir })),
      (error) => error instanceof SkyfixError && error.code === 'INDEX_RECALL_TOO_LOW',
    );
    await server.close();
  });
});

test('a default region that is not there is refused at the start; none yet is not ready', async () => {
  await withTemporaryFolder(async (dir) => {
    const config = testConfig({ SKYFIX_DATA: dir, SKYFIX_DEFAULT_REGION: 'north' });
    const waiting = await startServer(config);
    assert.equal((await fetch(`${waiting.url}/readyz`)).status, 503);
    await waiting.close();
    await publishTinyVersion(dir, 'demo');
    await assert.rejects(startServer(config), /SKYFIX_DEFAULT_REGION is "north"; the regions are demo/);
    const broken = await publishTinyVersion(dir, 'north');
    await writeFile(join(broken, 'catalogue.csv'), '');
    const lacking = await startServer(config);
    const ready = await fetch(`${lacking.url}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(((await ready.json()) as { detail: string }).detail, /north is not served; demo are/);
    await lacking.close();
  });
});

test('a data folder that cannot be is refused at once, by every way to start', async () => {
  for (const SKYFIX_DATA of ['/proc/foo', '/dev/null', '/proc/self/nothing/here']) {
    await assert.rejects(
      startServer(testConfig({ SKYFIX_DATA })),
      (error) => error instanceof SkyfixError && error.code === 'FOLDER_UNUSABLE',
    );
  }
});

test('SIGTERM lets a request in flight finish and ends the process with 0', async () => {
  const program = fileURLToPath(new URL('../fuzz/server.js', import.meta.url));
  const env = { ...process.env, SKYFIX_UPLOAD_GRACE_MS: '60000' };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(child, 'exit');
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const image = await pngOf(noisePanorama(5));
  const upload = request(`${url}/locate`, {
    method: 'POST',
    headers: { 'content-type': 'image/png', 'content-length': image.length },
  });
  upload.write(image.subarray(0, 100));
  const admitted = async () => /^skyfix_uploads 1$/m.test(await (await fetch(`${url}/metrics`)).text());
  while (!(await admitted())) await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGTERM');
  // The rest of the upload comes when the stop has begun: nobody new is let in any more.
  const refused = () =>
    fetch(`${url}/healthz`).then(
      () => false,
      () => true,
    );
  while (!(await refused())) await new Promise((resolve) => setImmediate(resolve));
  upload.end(image.subarray(100));
  const [answer] = (await once(upload, 'response')) as [IncomingMessage];
  assert.equal(answer.statusCode, 200);
  assert.equal(answer.headers.connection, 'close');
  answer.resume();
  assert.deepEqual(await exit, [0, null]);
});
