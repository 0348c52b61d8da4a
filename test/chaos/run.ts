// npm run chaos [-- --seed N --share S]: every scenario at full length (or a share of it), a table, exit status 1 where
// anything was lost, wrong or not recovered.
import { parseArgs } from 'node:util';
import { runScenario, SCENARIOS } from './scenarios.js';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, share: { type: 'string', default: '1' } },
});
const seed = Number(values.seed);
const share = Number(values.share);
if (!Number.isInteger(seed) || !(share > 0 && share <= 1)) {
  console.error(
    `--seed is a whole number and --share more than 0 and at most 1; got ${values.seed} and ${values.share}.`,
  );
  process.exit(2);
}

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
