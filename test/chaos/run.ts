// npm run chaos: every scenario, a table.
import { toolArguments, wholeArgument, wrongArgument } from '../../cli/index.js';
import { runScenario, SCENARIOS } from './scenarios.js';

const HELP = `npm run chaos -- [options]
Every scenario of what may go wrong. Exit status 1 where anything was lost, wrong or not recovered.
  --share S   of each scenario's rounds, over 0 and up to 1, default 1
  --seed N    default 1`;

const { values } = toolArguments(HELP, {
  seed: { type: 'string', default: '1' },
  share: { type: 'string', default: '1' },
});
const seed = wholeArgument('seed', values.seed, undefined, 0);
const share = Number(values.share);
if (!(share > 0 && share <= 1))
  wrongArgument(`--share has "${values.share}"; it takes more than 0 and at most 1.`);

console.log(`Node ${process.version}, seed ${seed}\n`);
console.log('| what happens | rounds | counted | slowest recovery | faults |');
console.log('|---|---|---|---|---|');
let failed = 0;
for (const [scenario, rounds] of SCENARIOS) {
  const missing = scenario.missing?.();
  if (missing) {
    console.log(`| ${scenario.name} | – | not run: ${missing} | – | – |`);
    continue;
  }
  const { counts, faults, slowestMs, ...outcome } = await runScenario(
    scenario,
    Math.ceil(rounds * share),
    seed,
  );
  const counted = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  const slowest = slowestMs === undefined ? '–' : `${Math.round(slowestMs)} ms`;
  console.log(
    `| ${scenario.name} | ${outcome.rounds} | ${counted.join(', ')} | ${slowest} | ${faults.length} |`,
  );
  for (const fault of faults.slice(0, 10)) console.error(`  ${fault}`);
  failed += faults.length;
}
process.exitCode = failed === 0 ? 0 : 1;
