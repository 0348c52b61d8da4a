// npm run bench:networks -- [--rounds N] [--threads N] [FOLDER...]: what each network of each bundle takes under each engine
// that is there, at each precision.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { machine } from '../loadtest/index.js';
import { networkTable } from './network-times.js';

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
  allowPositionals: true,
});
const timing = { rounds: Number(values.rounds), threads: Number(values.threads) };
const folders = positionals.length > 0 ? positionals : ['models/small-town'];

console.log(machine());
console.log(
  `\nmilliseconds, ${timing.threads} threads, ${timing.rounds} rounds in which the engines take turns\n`,
);
console.log(await networkTable(folders, timing));
