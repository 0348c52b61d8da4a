// npm run soak: a server under everything at once, a table.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolArguments, wholeArgument, wrongArgument } from '../../cli/index.js';
import { soak } from './soak.js';
import { demoWorld, tinyWorld } from './world.js';

const HELP = `npm run soak -- [options]
A server under everything at once. Exit status 1 where an honest request failed, memory grew by 5 % after the first minute, or
descriptors stayed open.
  --minutes N          2 or more, default 10; the first is for warming up
  --region demo|tiny   default demo
  --seed N             default 1`;

const { values } = toolArguments(HELP, {
  minutes: { type: 'string', default: '10' },
  region: { type: 'string', default: 'demo' },
  seed: { type: 'string', default: '1' },
});
const minutes = Number(values.minutes);
const seed = wholeArgument('seed', values.seed, undefined, 0);
if (!(minutes >= 2))
  wrongArgument(`--minutes has "${values.minutes}"; it takes 2 or more, the first for warming up.`);
if (!['demo', 'tiny'].includes(values.region))
  wrongArgument(`--region has "${values.region}"; there are demo and tiny.`);
const MOST_GROWTH = 0.05;
/** Timers' and resolvers' own, which come and go. */
const DESCRIPTORS_SLACK = 2;

const dataDir = await mkdtemp(join(tmpdir(), 'skyfix-soak-'));
try {
  const world = await (values.region === 'demo' ? demoWorld : tinyWorld)(dataDir);
  const report = await soak(world, {
    seconds: Math.round(minutes * 60),
    warmSeconds: 60,
    swapEverySeconds: 5,
    seed,
    onSample: (second, residentMb, descriptors) => {
      if (Math.floor(second) % 15 === 0)
        process.stderr.write(
          `${second.toFixed(0)} s: ${residentMb.toFixed(0)} MB, ${descriptors} descriptors\n`,
        );
    },
  });
  const { memory, descriptors, nuisances, faults } = report;
  const mb = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  const grown = `${(100 * memory.share).toFixed(1)} % (${mb(memory.fromBytes)} to ${mb(memory.toBytes)} MB)`;
  const rows = [
    ['minutes', values.minutes],
    ['honest requests answered', report.answered],
    ['told to come again meanwhile', report.refusedForNow],
    ['median of an honest answer', `${report.medianMs.toFixed(0)} ms`],
    ['versions swapped', report.swaps],
    ...Object.entries(nuisances).map(([name, count]) => [`${name} requests`, count]),
    ['memory, last quarter over first, after a minute', grown],
    ['descriptors, before and after', `${descriptors.before}, ${descriptors.after}`],
    ['honest requests failed, and other faults', faults.length],
  ];
  console.log(`Node ${process.version}, region ${values.region}, seed ${seed}\n\n| | |\n|---|---|`);
  for (const [what, value] of rows) console.log(`| ${what} | ${value} |`);
  for (const fault of faults.slice(0, 20)) console.error(`  ${fault}`);
  const bad =
    faults.length > 0 ||
    memory.share >= MOST_GROWTH ||
    descriptors.after > descriptors.before + DESCRIPTORS_SLACK;
  console.log(bad ? '\nFAILED' : '\nIt lasts.');
  process.exitCode = bad ? 1 : 0;
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
