// The example for nginx, by a real one in front of two servers: a host leads to its region's server, names the region, hands the
// client's address on, and keeps what is for the inside inside.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_ROOT } from '../../cli/index.js';
import { buildApp } from '../../src/app.js';
import { answerOf, FakeRegions, testConfig } from '../support/fake-regions.js';

const skip = spawnSync('nginx', ['-v']).error ? 'not installed: nginx' : false;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The regions that a server of this name was asked for, and by whom. */
async function openServer(asked: unknown[]) {
  const regions = new FakeRegions();
  const app = await buildApp({
    config: testConfig({ SKYFIX_TRUSTED_PROXIES: '127.0.0.1', SKYFIX_REQUESTS_PER_MINUTE: '3' }),
    regions,
    locate: async () => answerOf('demo'),
  });
  regions.acquire = (name = 'default') => {
    asked.push(name);
    return { region: { name }, release: () => {} } as ReturnType<FakeRegions['acquire']>;
  };
  return { app, port: Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port) };
}

test('nginx.conf leads hosts to regions', { skip }, async () => {
  const [north, south]: [unknown[], unknown[]] = [[], []];
  const [northern, southern] = [await openServer(north), await openServer(south)];
  const folder = await mkdtemp(join(tmpdir(), 'skyfix-nginx-'));
  const port = await freePort();
  const site = (await readFile(join(PACKAGE_ROOT, 'ops/nginx.conf'), 'utf8'))
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('127.0.0.1:8081', `127.0.0.1:${northern.port}`)
    .replace('127.0.0.1:8082', `127.0.0.1:${southern.port}`);
  await writeFile(join(folder, 'site.conf'), site);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
    http { access_log off; ${temporary.join(' ')} include ${folder}/site.conf; }`,
  );
  const nginx = spawn(
    'nginx',
    ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')],
    {
      stdio: 'ignore',
    },
  );
  try {
    await listening(port);
    const ask = (host: string, path: string, method = 'POST', more: Record<string, string> = {}) =>
      new Promise<{ status: number; text: string }>((resolve, reject) => {
        const headers = { host, 'content-type': 'image/png', ...more };
        const sent = request({ host: '127.0.0.1', port, path, method, headers }, (response) => {
          let text = '';
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        });
        sent.once('error', reject);
        sent.end(method === 'POST' ? 'pixels' : undefined);
      });
    assert.equal((await ask('north.skyfix.example', '/locate?top=3')).status, 200);
    assert.equal((await ask('south.skyfix.example', '/locate')).status, 200);
    assert.equal((await ask('skyfix.example', '/locate')).status, 200);
    // Who names a region gets it, and nobody is asked for two.
    assert.equal((await ask('north.skyfix.example', '/locate?region=demo')).status, 200);
    assert.deepEqual(
      [north, south],
      [
        ['north', 'demo'],
        ['south', 'default'],
      ],
    );
    for (const path of ['/metrics', '/admin/regions/demo/reload'])
      assert.equal((await ask('north.skyfix.example', path)).status, 404, path);
    assert.equal((await ask('north.skyfix.example', '/readyz', 'GET')).status, 200);
    // Whatever a client claims to be, its own address is counted: the third of this server's three a minute, and one more.
    const claims = (k: number) => ({ 'x-forwarded-for': `203.0.113.${k}` });
    const statuses = [];
    for (let k = 0; k < 2; k++)
      statuses.push((await ask('north.skyfix.example', '/locate', 'POST', claims(k))).status);
    assert.deepEqual(statuses, [200, 429]);
  } finally {
    nginx.kill('SIGTERM');
    if (nginx.exitCode === null) await once(nginx, 'exit');
    await Promise.all([northern.app.close(), southern.app.close()]);
    await rm(folder, { recursive: true });
  }
});

/** Resolves when somebody takes connections there. */
async function listening(port: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const there = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => socket.end(() => resolve(true))).once('error', () => resolve(false));
    });
    if (there) return;
    assert.ok(Date.now() < deadline, 'nginx does not listen');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
