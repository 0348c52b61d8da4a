// What networks take, each under every engine that is there. Engines take turns, so that a busy machine slows them alike and
// their ratios hold.
import { median, percentile } from '../loadtest/index.js';
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

/** A network with the shape of one request's input. */
export interface Case {
  readonly name: string;
  readonly path: string;
  /** The same network in 8 bits, where the bundle has it. */
  readonly int8?: string | undefined;
  readonly shape: readonly number[];
}

/** An engine with the file that it runs. */
interface Contestant {
  readonly choice: EngineChoice;
  readonly path: string;
}

export interface NetworkTiming {
  readonly rounds: number;
  /** Of each network. */
  readonly threads: number;
}

/** onnxruntime, and all that this machine has beside it. */
export async function engines(): Promise<readonly EngineChoice[]> {
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

/** The networks of a bundle with what one request gives them. */
export function casesOf({ manifest, encoderPath, generatorPath, quantised = {}, dir }: Bundle): Case[] {
  const { geometry, looks } = manifest;
  const view = viewSizePx(geometry);
  const tile = geometry.inputSizePx;
  const cases: Case[] = [];
  if (generatorPath !== undefined) {
    const files = { path: generatorPath, int8: quantised.generator };
    cases.push({ name: `${dir} generator`, ...files, shape: [1, 3, view, view] });
  }
  const files = { path: encoderPath, int8: quantised.encoder };
  cases.push({ name: `${dir} encoder, a tile`, ...files, shape: [1, 3, tile, tile] });
  const count = lookOffsets(geometry).length;
  if (looks === 'dense') cases.push({ name: `${dir} encoder, a view`, ...files, shape: [1, 3, view, view] });
  else if (count > 1) {
    cases.push({ name: `${dir} encoder, ${count} looks`, ...files, shape: [count, 3, tile, tile] });
  }
  return cases;
}

/** Every engine with the network as it is, and those that run it in 8 bits with that too. */
function contestantsOf({ path, int8 }: Case, choices: readonly EngineChoice[]): readonly Contestant[] {
  const plain = choices.map((choice) => ({ choice, path }));
  if (int8 === undefined) return plain;
  const inEightBits = choices
    .filter(({ kind, precision }) => precision === 'f32' && (kind === 'onnxruntime' || kind === 'openvino'))
    .map((choice) => ({ choice: { ...choice, precision: 'int8' as const }, path: int8 }));
  return [...plain, ...inEightBits];
}

/** Milliseconds of each one's runs, one after the other in each round. */
async function timesOf(
  { shape }: Case,
  contestants: readonly Contestant[],
  { rounds, threads }: NetworkTiming,
): Promise<number[][]> {
  const random = seededRandom(1);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, random);
  const opened: InferenceEngine[] = [];
  try {
    for (const { choice, path } of contestants) opened.push(await openEngine(choice, path, { threads }));
    const times: number[][] = opened.map(() => []);
    for (let round = -2; round < rounds; round++) {
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

/** A Markdown table of the networks of some bundle folders, milliseconds; ratios are to onnxruntime in the same rounds. */
export async function networkTable(folders: readonly string[], timing: NetworkTiming): Promise<string> {
  const choices = await engines();
  const lines = [
    '| network | input | engine | precision | median | p95 | best | times as fast |',
    '|---|---|---|---|---:|---:|---:|---:|',
  ];
  for (const folder of folders) {
    for (const one of casesOf(await loadBundle(folder))) {
      const contestants = contestantsOf(one, choices);
      const all = await timesOf(one, contestants, timing);
      const first = median(all[0] ?? []);
      for (const [k, times] of all.entries()) {
        const { description = '', precision = '' } = contestants[k]?.choice ?? {};
        const ms = [median(times), percentile(times, 95), Math.min(...times)].map((value) =>
          value.toFixed(1),
        );
        const ratio = (first / median(times)).toFixed(2);
        lines.push(
          `| ${one.name} | ${one.shape.join('×')} | ${description} | ${precision} | ${ms.join(' | ')} | ${ratio} |`,
        );
      }
    }
  }
  return lines.join('\n');
}
