import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { after, test } from 'node:test';
import { freePortRows } from '../../loadtest/node-ports.js';

const held: Server[] = [];
after(() => Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve)))));

async function take(port: number): Promise<void> {
  const server = createServer();
  held.push(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
}

test('rows of ports that no outgoing connection gets lie apart, and leave out what is taken', async () => {
  const [first = 0, ...others] = await freePortRows(3, 7);
  const [lowest] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s/);
  for (const [k, row] of [first, ...others].entries()) {
    assert.ok(row >= 10_240 && row + 6 < Number(lowest), `${row}`);
    if (k > 0) assert.ok(Math.abs(row - first) >= 7);
  }
  await take(first + 3);
  assert.ok(!(await freePortRows(3, 7)).includes(first));
});

test('a machine that leaves no such ports is told so', async () => {
  await assert.rejects(freePortRows(3, 7, 10_250), /between 10240 and 10250 there are not 3 rows of 7/);
});
