// npm run loadtest: the shipped demo under load on this machine, as a table.
//   npm run loadtest -- --seconds 5 --connections 1,2,4,8
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { STEPS } from '../src/locate/index.js';
import { drive, type LoadResult } from './drive.js';
import { median, percentile } from './percentiles.js';
import { startServerProcess } from './server-process.js';

/** SPEC: one query takes 0.18 s. */
const BUDGET_MS = 180;
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '1,2,4,8' },
  },
});
const seconds = positive('seconds', values.seconds);
const counts = values.connections.split(',').map((text) => positive('connections', text));

const panoramas = await demoPanoramas(join(ROOT, 'demo/panoramas'));
console.log(machine());
const server = await startServerProcess(ROOT);
try {
  console.log(`ready after ${(server.readyMs / 1000).toFixed(2)} s; ${panoramas.length} panoramas in turn\n`);
  await drive({ url: server.url, panoramas, connections: 1, seconds: 1 }); // warm-up, not counted
  const results: LoadResult[] = [];
  for (const connections of counts) {
    results.push(await drive({ url: server.url, panoramas, connections, seconds }));
  }
  console.log(table(results));
  console.log(verdict(results));
  if (results.some(({ failures, latenciesMs }) => failures > 0 || latenciesMs.length === 0)) {
    process.exitCode = 1;
  }
} finally {
  await server.stop();
}

function table(results: readonly LoadResult[]): string {
  const head = [
    'connections',
    'answers',
    'failed',
    'req/s',
    'p50',
    'p95',
    'p99',
    ...STEPS.map((s) => `${s}*`),
  ];
  const rows = results.map((result) => [
    String(result.connections),
    String(result.latenciesMs.length),
    String(result.failures),
    result.throughput.toFixed(1),
    ...[50, 95, 99].map((p) => percentile(result.latenciesMs, p).toFixed(0)),
    ...STEPS.map((stage) => median(result.timings.map((timing) => timing[stage])).toFixed(1)),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = line(head.map(() => '---:'));
  return `${[line(head), rule, ...rows.map(line)].join('\n')}\n\nMilliseconds; * medians of the server's own stage times.`;
}

function verdict(results: readonly LoadResult[]): string {
  const single = results.find(({ connections }) => connections === 1);
  if (!single) return `Budget of ${BUDGET_MS} ms at one connection: not measured.`;
  const [p50, p95] = [50, 95].map((p) => percentile(single.latenciesMs, p)) as [number, number];
  const word = p95 <= BUDGET_MS ? 'held' : p50 <= BUDGET_MS ? 'held by the median only' : 'NOT held';
  return `Budget of ${BUDGET_MS} ms, one request at a time: ${word} (p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms).`;
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = (totalmem() / 1024 ** 3).toFixed(0);
  return `${model}, ${availableParallelism()} cores, ${memory} GiB, Node ${process.version}, ${process.platform} ${process.arch}`;
}

async function demoPanoramas(dir: string): Promise<Buffer[]> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.jpg')).sort();
  if (names.length === 0) throw new Error(`${dir} holds no panoramas: run "npm run demo:make".`);
  return Promise.all(names.map((name) => readFile(join(dir, name))));
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value;
  throw new Error(`--${name} is "${text}"; it must be a whole number from 1 to 1000.`);
}
