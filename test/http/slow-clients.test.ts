// Clients that hold on without asking: whatever they do, who asks is answered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rawClient, startApp, UPLOAD, untilMetric, uploadHead } from '../support/raw-http.js';

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

/** Long enough that nothing is ended while a busy machine gets to it. */
const PATIENT = { SKYFIX_UPLOAD_GRACE_MS: '60000' };

test('a hundred connections that send headers and no body hold up nobody', async () => {
  const { app, url } = await startApp({ ...PATIENT, SKYFIX_CONCURRENCY: '1', SKYFIX_QUEUE_SIZE: '1' });
  const silent = await Promise.all(Array.from({ length: 100 }, () => rawClient(url, uploadHead(1000))));
  await untilMetric(app, 'skyfix_uploads', 100);
  assert.equal((await fetch(`${url}/locate`, UPLOAD)).status, 200);
  for (const { socket } of silent) socket.destroy();
  await untilMetric(app, 'skyfix_uploads', 0);
  await app.close();
});

test('after the grace time they are told so', async () => {
  const { app, url } = await startApp({ SKYFIX_UPLOAD_GRACE_MS: '300' });
  const silent = await Promise.all(Array.from({ length: 20 }, () => rawClient(url, uploadHead(1000))));
  for (const client of silent) {
    assert.match(await client.until(/REQUEST_TOO_SLOW/), /^HTTP\/1\.1 408 .*REQUEST_TOO_SLOW/s);
    client.socket.destroy();
  }
  await untilMetric(app, 'skyfix_uploads', 0);
  await app.close();
});

const boundary = 'Content-Type: multipart/form-data; boundary=b';
const formHead = (length: string) => `POST /locate HTTP/1.1\r\nHost: x\r\n${boundary}\r\n${length}\r\n\r\n`;
const part = '--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n';
const field = '--b\r\nContent-Disposition: form-data; name="top"\r\n\r\n';
/** What each sends first, and then again and again. */
const trickles: Record<string, readonly [first: string, then: string]> = {
  'a byte at a time': [uploadHead(100_000), 'x'],
  'a chunk of one byte at a time': [uploadHead('chunked'), '1\r\nx\r\n'],
  'chunks with long extensions': [uploadHead('chunked'), `1;${'e'.repeat(500)}\r\nx\r\n`],
  'a preamble before the form': [formHead('Content-Length: 60000'), 'p'],
  'the headers of a part': [`${formHead('Content-Length: 60000')}--b\r\nX-A: `, 'h'],
  'a field of the form': [`${formHead('Content-Length: 60000')}${field}`, '3'],
  'a file in a form': [`${formHead('Content-Length: 60000')}${part}`, 'x'],
};
for (const [name, [first, then]] of Object.entries(trickles)) {
  test(`who trickles ${name} is ended with 408 and frees what it held`, async () => {
    const { app, url } = await startApp({ SKYFIX_UPLOAD_GRACE_MS: '300', SKYFIX_UPLOADS: '1' });
    const client = await rawClient(url, first);
    const drip = setInterval(() => client.socket.write(then), 40);
    try {
      assert.match(await client.until(/REQUEST_TOO_SLOW/), /^HTTP\/1\.1 408 /);
    } finally {
      clearInterval(drip);
    }
    await untilMetric(app, 'skyfix_upload_memory_bytes', 0);
    assert.equal((await fetch(`${url}/locate`, UPLOAD)).status, 200);
    // It may send the rest, as slowly as before, for one more grace time.
    await client.closed();
    await app.close();
  });
}

test('a body without end is refused by its size: as an image, before a form, behind it', async () => {
  const { app, url } = await startApp({ SKYFIX_MAX_UPLOAD_BYTES: '20000' });
  const chunk = 'x'.repeat(65_536);
  const framed = `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  const chunked = 'Transfer-Encoding: chunked';
  const whole = `${part}pixels\r\n--b--\r\n`;
  for (const first of [
    uploadHead('chunked'),
    formHead(chunked),
    `${formHead(chunked)}${part.length.toString(16)}\r\n${part}\r\n`,
    `${formHead(chunked)}${whole.length.toString(16)}\r\n${whole}\r\n`,
  ]) {
    const client = await rawClient(url, first);
    const more = () => {
      if (client.socket.writable) client.socket.write(framed, more);
    };
    more();
    await client.closed();
    assert.match(client.received(), /^HTTP\/1\.1 (413 .*IMAGE_TOO_LARGE_BYTES|200 )/s);
  }
  await untilMetric(app, 'skyfix_upload_memory_bytes', 0);
  await app.close();
});

test('one address has a limit of its own; X-Forwarded-For counts only from a trusted proxy', async () => {
  for (const trusted of [true, false]) {
    const { app, url } = await startApp({
      ...PATIENT,
      SKYFIX_UPLOADS_PER_ADDRESS: '1',
      ...(trusted ? { SKYFIX_TRUSTED_PROXIES: '127.0.0.0/8,::1' } : {}),
    });
    const first = await rawClient(url, `${uploadHead(100, 'X-Forwarded-For: 203.0.113.1\r\n')}x`);
    await untilMetric(app, 'skyfix_upload_memory_bytes', 1);
    const ask = (from: string) =>
      fetch(`${url}/locate`, { ...UPLOAD, headers: { ...UPLOAD.headers, 'x-forwarded-for': from } });
    const same = await ask('203.0.113.1');
    assert.equal(same.status, 429);
    assert.equal(same.headers.get('retry-after'), '1');
    assert.equal(await codeOf(same), 'ADDRESS_BUSY');
    const other = await ask('203.0.113.2');
    assert.equal(other.status, trusted ? 200 : 429);
    first.socket.destroy();
    await app.close();
  }
});

test('uploads share a bound in memory; what does not fit is refused before its body is read', async () => {
  const { app, url } = await startApp({
    ...PATIENT,
    SKYFIX_MAX_UPLOAD_BYTES: '20000',
    SKYFIX_UPLOAD_MEMORY_BYTES: '90000',
  });
  const clients = [];
  for (let k = 1; k <= 4; k++) {
    clients.push(await rawClient(url, `${uploadHead(20_000)}${'x'.repeat(19_000)}`));
    await untilMetric(app, 'skyfix_upload_memory_bytes', k * 19_000);
  }
  const refused = await rawClient(url, `${uploadHead(20_000)}${'x'.repeat(19_000)}`);
  assert.match(await refused.until(/UPLOADS_FULL/), /^HTTP\/1\.1 503 .*retry-after: 1\r\n.*UPLOADS_FULL/is);
  for (const { socket } of [...clients, refused]) socket.destroy();
  await untilMetric(app, 'skyfix_upload_memory_bytes', 0);
  assert.equal((await fetch(`${url}/locate`, UPLOAD)).status, 200);
  await app.close();
});

test('who asks first ("Expect: 100-continue") is refused without sending, or told to go on', async () => {
  const { app, url, regions } = await startApp({});
  const head = uploadHead(6, 'Expect: 100-continue\r\n');
  const client = await rawClient(url, head);
  assert.match(await client.until(/100 Continue/), /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
  client.socket.write('pixels');
  assert.match(await client.until(/"results"/), /200 OK/);
  client.socket.destroy();
  regions.ready = false;
  const refused = await rawClient(url, head);
  await refused.closed();
  assert.match(refused.received(), /^HTTP\/1\.1 503 .*connection: close\r\n.*NOT_READY/is);
  await app.close();
});

test('idle connections, silent ones and trickled headers make room for those who ask', async () => {
  const { app, url } = await startApp({ SKYFIX_CONNECTIONS: '20', SKYFIX_CONNECTIONS_PER_ADDRESS: '10' });
  const kept = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
  for (const text of ['', 'GET /healthz HTT', kept]) {
    const clients = [];
    for (let k = 0; k < 30; k++) clients.push(await rawClient(url, text));
    const response = await fetch(`${url}/locate`, {
      ...UPLOAD,
      headers: { ...UPLOAD.headers, connection: 'close' },
    });
    assert.equal(response.status, 200);
    for (const { socket } of clients) socket.destroy();
    await untilMetric(app, 'skyfix_connections', 0);
  }
  await app.close();
});

test('connections in the middle of a request are not closed for others; one too many gets 429', async () => {
  const { app, url } = await startApp({ ...PATIENT, SKYFIX_CONNECTIONS_PER_ADDRESS: '3' });
  const clients = [];
  for (let k = 1; k <= 3; k++) {
    clients.push(await rawClient(url, `${uploadHead(100)}x`));
    await untilMetric(app, 'skyfix_upload_memory_bytes', k);
  }
  const fourth = await rawClient(url, '');
  assert.match(await fourth.until(/ADDRESS_BUSY/), /^HTTP\/1\.1 429 .*Retry-After: 1\r\n.*ADDRESS_BUSY/s);
  clients[0]?.socket.write('x'.repeat(99));
  assert.match((await clients[0]?.until(/results/)) ?? '', /^HTTP\/1\.1 200 /);
  for (const { socket } of [...clients, fourth]) socket.destroy();
  await app.close();
  const full = await startApp({ ...PATIENT, SKYFIX_CONNECTIONS: '1' });
  const only = await rawClient(full.url, `${uploadHead(100)}x`);
  await untilMetric(full.app, 'skyfix_upload_memory_bytes', 1);
  const second = await rawClient(full.url, '');
  assert.match(await second.until(/CONNECTIONS_FULL/), /^HTTP\/1\.1 503 .*CONNECTIONS_FULL/s);
  for (const { socket } of [only, second]) socket.destroy();
  await full.app.close();
});

test('headers, silence and bodies have their times', async () => {
  const { app } = await startApp({});
  assert.ok(app.server.headersTimeout > 0 && app.server.headersTimeout <= 10_000);
  assert.ok(app.server.requestTimeout > 0 && app.server.timeout > 0);
  await app.close();
});

test('a body that nobody wants is not read for ever: a client refused at the door is cut off', async () => {
  const { app, url, regions } = await startApp({
    SKYFIX_MAX_UPLOAD_BYTES: '1024',
    SKYFIX_UPLOAD_GRACE_MS: '300',
  });
  regions.ready = false;
  const chunk = 'x'.repeat(65_536);
  const endless = await rawClient(url, uploadHead('chunked'));
  const more = () => {
    if (endless.socket.writable) endless.socket.write(`${chunk.length.toString(16)}\r\n${chunk}\r\n`, more);
  };
  more();
  await endless.closed();
  assert.match(endless.received(), /^HTTP\/1\.1 503 .*NOT_READY/s);
  const silent = await rawClient(url, uploadHead(1000));
  await silent.closed();
  assert.match(silent.received(), /^HTTP\/1\.1 503 .*NOT_READY/s);
  await app.close();
});
