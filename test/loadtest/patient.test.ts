import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { drivePatient } from '../../loadtest/patient.js';
import { answerOf } from '../support/fake-regions.js';

test('who is refused does not come again before Retry-After; others go on; what is no answer is a failure', async (t) => {
  let asked = 0;
  const server = createServer((request, response) => {
    const number = ++asked;
    request.resume().once('end', () => {
      if (number === 1) response.writeHead(503, { 'retry-after': '60' }).end('{}');
      else if (number === 2) response.writeHead(500).end('{}');
      // Without Retry-After it is no refusal that a client can do something with.
      else if (number === 3) response.writeHead(503).end('{}');
      else response.writeHead(200).end(JSON.stringify(answerOf('demo')));
    });
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const load = { url, panoramas: [Buffer.from('a'), Buffer.from('b')], seconds: 0.3 };
  const alone = await drivePatient({ ...load, connections: 1 });
  assert.deepEqual([alone.refused, alone.latenciesMs.length, asked], [1, 0, 1]);
  const { refused, failures, latenciesMs, timings } = await drivePatient({ ...load, connections: 2 });
  assert.deepEqual([refused, failures], [0, 2]);
  assert.ok(latenciesMs.length > 0);
  assert.equal(timings.length, latenciesMs.length);
});
