// npm run loadtest: the shipped demo under load on this machine, by clients that wait for their answers and by clients that
// do not, up to ten times what it can answer.
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolArguments, wholeArgument, wrongArgument } from '../cli/index.js';
import { STEPS } from '../src/locate/index.js';
import { coresLegend, coresSvg, coresTable, measureByCores } from './by-cores.js';
import { coreCounts, usableProcessors } from './cores.js';
import { drive, type LoadResult } from './drive.js';
import { driveOpen, type OpenResult } from './open-loop.js';
import { BUDGET_MS, markdownTable, openTable, overloadSvg, overloadVerdict, peakOf } from './overload.js';
import { drivePatient } from './patient.js';
import { median, percentile } from './percentiles.js';
import { processorMsOf } from './processor-time.js';
import { startServerProcess } from './server-process.js';
import { demoPanoramas, machine } from './surroundings.js';
import { writeSection } from './write-section.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
/** Connections of the clients that do not wait. */
const OPEN_CONNECTIONS = 64;

const STARRED = "Milliseconds; * medians of the server's own step times.";

const HELP = `npm run loadtest -- [options]
The shipped demo under load on this machine.
  --seconds N          each run, default 5
  --connections LIST   clients that wait for their answers, default 1,2,4,8,16,32,64
  --rates LIST         arrivals by clients that do not wait, times what it can answer, default 0.25,0.5,0.75,1,1.5,2,5,10
  --cores all|LIST     instead: how many answers a second the server gives on so many cores
  --write              puts tables and charts into docs/performance.md`;

const { values } = toolArguments(HELP, {
  seconds: { type: 'string', default: '5' },
  connections: { type: 'string', default: '1,2,4,8,16,32,64' },
  cores: { type: 'string' },
  rates: { type: 'string', default: '0.25,0.5,0.75,1,1.5,2,5,10' },
  write: { type: 'boolean', default: false },
});
const seconds = wholeArgument('seconds', values.seconds, 1000);
const counts = values.connections.split(',').map((text) => wholeArgument('connections', text, 1000));
const multiples = values.rates.split(',').map((text) => multiple(text));

const panoramas = await demoPanoramas(join(ROOT, 'demo/panoramas'));
const out: string[] = [];
if (values.cores !== undefined) {
  await sayByCores(values.cores);
  process.exit();
}
say(machine());
const server = await startServerProcess(ROOT);
try {
  const { url } = server;
  say(
    `Ready after ${(server.readyMs / 1000).toFixed(2)} s; ${panoramas.length} panoramas in turn, ${seconds} s each run.`,
  );
  await drive({ url, panoramas, connections: 1, seconds: 1 }); // warm-up, not counted
  const closed: LoadResult[] = [];
  for (const connections of counts) closed.push(await drive({ url, panoramas, connections, seconds }));
  say(
    `${closedTable(closed)}\n\n${STARRED} Each client sends its next panorama as soon as it has an answer, ` +
      'also after a refusal, and takes its share of the same cores.',
  );
  const most = Math.max(...counts);
  const patient = await drivePatient({ url, panoramas, connections: most, seconds });
  const share = (100 * patient.throughput) / Math.max(...closed.map(({ throughput }) => throughput));
  say(
    `The same by clients that come again when \`Retry-After\` says so, ${share.toFixed(0)} % of the highest above:\n\n` +
      closedTable([patient]),
  );
  say(verdict(closed));
  const capacity = Math.max(...closed.map(({ throughput }) => throughput));
  const open: OpenResult[] = [];
  for (const share of multiples) {
    open.push(
      await driveOpen({ url, panoramas, rate: share * capacity, seconds, connections: OPEN_CONNECTIONS }),
    );
  }
  const peak = peakOf(closed, open);
  const { kept, text } = overloadVerdict(open, capacity, peak);
  say(
    `Arrivals at a constant rate over at most ${OPEN_CONNECTIONS} connections; times count from when a request was due. ` +
      `The capacity is the highest of the table above: ${capacity.toFixed(1)} a second.`,
  );
  say(openTable(open, capacity, peak));
  say(text);
  if (values.write) {
    await writeFile(join(ROOT, 'docs/load.svg'), overloadSvg(open, capacity));
    await writeSection(
      join(ROOT, 'docs/performance.md'),
      'loadtest',
      [...out, '![Goodput and latency under load](load.svg)'].join('\n\n'),
    );
  }
  const broken = [...closed, patient].some(
    ({ failures, latenciesMs }) => failures > 0 || latenciesMs.length === 0,
  );
  if (broken || !kept) process.exitCode = 1;
} finally {
  await server.stop();
}

function say(text: string): void {
  out.push(text);
  console.log(`${text}\n`);
}

async function sayByCores(asked: string): Promise<void> {
  const processors = await usableProcessors();
  const counts = coreCounts(asked, processors.length);
  say(machine());
  const start = (some: readonly number[]) => startServerProcess(ROOT, undefined, some);
  const load = { processors, counts, panoramas, seconds, start, drive: drivePatient, processorMsOf };
  const results = await measureByCores(load);
  say(coresTable(results));
  say(`${coresLegend(processors.length)} ${panoramas.length} panoramas in turn, ${seconds} s each run.`);
  if (values.write) {
    await writeFile(join(ROOT, 'docs/cores.svg'), coresSvg(results));
    const text = [...out, '![Answers a second by cores](cores.svg)'].join('\n\n');
    await writeSection(join(ROOT, 'docs/performance.md'), 'cores', text);
  }
  const broken = results.some(({ failures, best }) => failures > 0 || best.latenciesMs.length === 0);
  if (broken) process.exitCode = 1;
}

function closedTable(results: readonly LoadResult[]): string {
  const head = [
    'clients',
    'answers',
    'refused',
    'failed',
    'answered/s',
    'p50',
    'p95',
    'p99',
    ...STEPS.map((s) => `${s}*`),
  ];
  const rows = results.map((result) => [
    String(result.connections),
    String(result.latenciesMs.length),
    String(result.refused),
    String(result.failures),
    result.throughput.toFixed(1),
    ...[50, 95, 99].map((p) => percentile(result.latenciesMs, p).toFixed(0)),
    ...STEPS.map((step) => median(result.timings.map((timing) => timing[step])).toFixed(1)),
  ]);
  return markdownTable(head, rows);
}

function verdict(results: readonly LoadResult[]): string {
  const single = results.find(({ connections }) => connections === 1);
  if (!single) return `Budget of ${BUDGET_MS} ms at one connection: not measured.`;
  const [p50, p95] = [50, 95].map((p) => percentile(single.latenciesMs, p)) as [number, number];
  const word = p95 <= BUDGET_MS ? 'held' : p50 <= BUDGET_MS ? 'held by the median only' : 'NOT held';
  return `Budget of ${BUDGET_MS} ms, one request at a time: ${word} (p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms).`;
}

function multiple(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 100) return value;
  return wrongArgument(`--rates has "${text}"; each is over 0 and at most 100 times the capacity.`);
}
