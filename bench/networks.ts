// npm run bench:networks: what each network of each bundle takes under each engine that is there, at each precision.
import { availableParallelism } from 'node:os';
import { toolArguments, wholeArgument } from '../cli/index.js';
import { machine } from '../loadtest/index.js';
import { networkTable } from './network-times.js';

const HELP = `npm run bench:networks -- [options] [BUNDLE...]
What each network of some bundles' folders (default models/small-town) takes under each engine that is there, at each precision.
  --rounds N    in which the engines take turns, default 15
  --threads N   default: one a core`;

const { values, positionals } = toolArguments(
  HELP,
  {
    rounds: { type: 'string', default: '15' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
  { positionals: true },
);
const timing = {
  rounds: wholeArgument('rounds', values.rounds),
  threads: wholeArgument('threads', values.threads, 1024),
};
const folders = positionals.length > 0 ? positionals : ['models/small-town'];

console.log(machine());
console.log(
  `\nmilliseconds, ${timing.threads} threads, ${timing.rounds} rounds in which the engines take turns\n`,
);
console.log(await networkTable(folders, timing));
