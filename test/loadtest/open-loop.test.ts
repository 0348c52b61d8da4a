// The driver that does not wait, against servers whose answers are known.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { driveOpen } from '../../loadtest/open-loop.js';
import { openTable, overloadSvg, overloadVerdict, peakOf } from '../../loadtest/overload.js';
import { percentile } from '../../loadtest/percentiles.js';

async function withServer(answer: RequestListener, run: (url: string) => Promise<void>): Promise<void> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const panoramas = [Buffer.from('a panorama')];

test('answers, refusals and failures are told apart', async () => {
  let seen = 0;
  const answer: RequestListener = (request, response) => {
    request.resume();
    const kind = seen++ % 4;
    if (kind === 0) response.end('{}');
    else if (kind === 1) response.writeHead(503, { 'retry-after': '1' }).end();
    else if (kind === 2) response.writeHead(503).end();
    else request.socket.destroy();
  };
  await withServer(answer, async (url) => {
    const result = await driveOpen({ url, panoramas, rate: 200, seconds: 0.2, connections: 1 });
    assert.equal(result.sent, 40);
    assert.equal(result.answeredMs.length, 10);
    assert.equal(result.refusedMs.length, 10);
    assert.equal(result.failures.get('status 503'), 10);
    assert.equal(
      [...result.failures.values()].reduce((a, b) => a + b),
      20,
    );
    const verdict = overloadVerdict([result], 20, peakOf([], [result]));
    assert.equal(verdict.kept, false);
    assert.match(verdict.text, /10 × status 503/);
  });
});

test('a server that stalls is charged for all that were due meanwhile', async () => {
  const stallMs = 500;
  let free = 0;
  const answer: RequestListener = (request, response) => {
    request.resume();
    free ||= performance.now() + stallMs;
    setTimeout(() => response.end('{}'), Math.max(0, free - performance.now()));
  };
  await withServer(answer, async (url) => {
    const { answeredMs } = await driveOpen({ url, panoramas, rate: 100, seconds: 1, connections: 1 });
    assert.equal(answeredMs.length, 100);
    // Half of the second was stalled: those that were due in it waited a quarter of a second on average. By a client
    // that waits for each answer one of a hundred would have waited.
    assert.ok(percentile(answeredMs, 75) >= 0.4 * stallMs, `${percentile(answeredMs, 75)}`);
  });
});

test('tables and charts hold the figures', () => {
  const of = (rate: number, goodput: number, ms: number) => ({
    rate,
    sent: 100,
    answeredMs: [ms, ms, ms],
    refusedMs: [1],
    failures: new Map<string, number>(),
    goodput,
  });
  const results = [of(10, 10, 60), of(20, 19, 90), of(200, 18, 170)];
  const peak = peakOf([], results);
  assert.equal(peak, 19);
  assert.match(
    openTable(results, 20, peak),
    /^\| 200\.0 \| 10\.00 \| 18\.0 \| 95 % \| 170 \| 170 \| 170 \| 1 % \| 1 \| 0 \|$/m,
  );
  const { kept, text } = overloadVerdict(results, 20, peak);
  assert.equal(kept, true);
  assert.match(text, /At 10\.0 × capacity 95 % of the peak goodput is left/);
  const svg = overloadSvg(results, 20);
  assert.equal(svg.match(/<polyline/g)?.length, 3);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
});
