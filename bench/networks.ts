// npm run bench:networks -- [--rounds N] [--threads N] [FOLDER...]: what each network of each bundle takes under each engine
// that is there, at each precision. Engines take turns, so that a busy machine slows them alike and their ratios hold.
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { type Bundle, loadBundle, viewSizePx } from '../src/bundles/index.js';
import { lookOffsets } from '../src/describe/index.js';
import {
  chooseEngine,
  DEFAULT_ENGINE,
  type EngineChoice,
  type InferenceEngine,
  openEngine,
} from '../src/engines/index.js';
import { messageOf } from '../src/errors/index.js';
import { seededRandom } from '../src/random/index.js';

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: 'string', default: '15' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
  allowPositionals: true,
});
const ROUNDS = Number(values.rounds);
const THREADS = Number(values.threads);
const FOLDERS = positionals.length > 0 ? positionals : ['models/small-town'];

/** A network with the shape of one request's input. */
interface Case {
  readonly name: string;
  readonly path: string;
  readonly shape: readonly number[];
}

/** onnxruntime, and all that this machine has beside it. */
async function engines(): Promise<readonly EngineChoice[]> {
  const found = [DEFAULT_ENGINE];
  for (const [engine, precision] of [
    ['openvino', 'f32'],
    ['openvino', 'bf16'],
    ['cuda', 'f32'],
    ['webgpu', 'f32'],
  ] as const) {
    try {
      const choice = await chooseEngine({ engine, precision });
      if (choice.precision === precision) found.push(choice);
      else console.log(`${engine} ${precision}: ${choice.notes.join(' ')}`);
    } catch (error) {
      console.log(`${engine} ${precision}: ${messageOf(error)}`);
    }
  }
  return found;
}

function casesOf({ manifest, encoderPath, generatorPath, dir }: Bundle): Case[] {
  const { geometry, looks } = manifest;
  const view = viewSizePx(geometry);
  const tile = geometry.inputSizePx;
  const cases: Case[] = [];
  if (generatorPath !== undefined) {
    cases.push({ name: `${dir} generator`, path: generatorPath, shape: [1, 3, view, view] });
  }
  cases.push({ name: `${dir} encoder, a tile`, path: encoderPath, shape: [1, 3, tile, tile] });
  const count = lookOffsets(geometry).length;
  if (looks === 'dense')
    cases.push({ name: `${dir} encoder, a view`, path: encoderPath, shape: [1, 3, view, view] });
  else if (count > 1) {
    cases.push({ name: `${dir} encoder, ${count} looks`, path: encoderPath, shape: [count, 3, tile, tile] });
  }
  return cases;
}

/** Milliseconds of each engine's runs, one after the other in each round. */
async function timesOf({ path, shape }: Case, choices: readonly EngineChoice[]): Promise<number[][]> {
  const random = seededRandom(1);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, random);
  const opened: InferenceEngine[] = [];
  try {
    for (const choice of choices) opened.push(await openEngine(choice, path, { threads: THREADS }));
    const times: number[][] = opened.map(() => []);
    for (let round = -2; round < ROUNDS; round++) {
      for (const [k, engine] of opened.entries()) {
        const started = performance.now();
        await engine.run({ data, shape });
        if (round >= 0) times[k]?.push(performance.now() - started);
      }
    }
    return times;
  } finally {
    await Promise.all(opened.map((engine) => engine.close()));
  }
}

const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;

console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}`);
const choices = await engines();
console.log(`\nmilliseconds, ${THREADS} threads, ${ROUNDS} rounds in which the engines take turns\n`);
console.log('| network | input | engine | precision | median | p95 | best | times as fast |');
console.log('|---|---|---|---|---|---|---|---|');
for (const folder of FOLDERS) {
  for (const one of casesOf(await loadBundle(folder))) {
    const all = (await timesOf(one, choices)).map((times) => times.sort((a, b) => a - b));
    const first = quantile(all[0] ?? [], 0.5);
    for (const [k, times] of all.entries()) {
      const { description = '', precision = '' } = choices[k] ?? {};
      const [median, p95, best] = [0.5, 0.95, 0].map((q) => quantile(times, q));
      const ms = [median, p95, best].map((value) => value?.toFixed(1)).join(' | ');
      const ratio = (first / (median ?? Number.NaN)).toFixed(2);
      console.log(
        `| ${one.name} | ${one.shape.join('×')} | ${description} | ${precision} | ${ms} | ${ratio} |`,
      );
    }
  }
}
