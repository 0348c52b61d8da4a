// One network in 8 bits: observed, its ranges chosen, and the layers that it cannot do without left in float.
import type { Tensor } from 'skyfix/engines';
import { SkyfixError } from 'skyfix/errors';
import { GraphParts } from 'skyfix/onnx';
import type { RangeMethod } from './histogram.js';
import { type Observed, observe } from './observe.js';
import type { WeightBits } from './rounding.js';
import { type Unit, unitsOf } from './units.js';
import { withQdq } from './write-qdq.js';

/** QuantizeLinear with a scale for each channel came with this operator set. */
const LEAST_OPSET = 13;

/** Ranges that are tried where none is named; the best of them is taken. */
export const METHODS: readonly RangeMethod[] = [100, 99.999, 99.99, 'entropy'];

export interface QuantiseOptions {
  /** One, or several of which the best is taken. */
  readonly methods: readonly RangeMethod[];
  readonly weightBits: WeightBits;
  /** Layers go back to float until `score` reaches this. */
  readonly target: number;
  readonly threads: number;
  readonly onProgress?: ((what: string, done: number, total: number) => void) | undefined;
}

export interface QuantisedNetwork {
  readonly model: Uint8Array;
  readonly method: RangeMethod;
  /** Names of what is computed in 8 bits. */
  readonly quantised: readonly string[];
  /** Names of what could be, and stays in float: the most harmful first. */
  readonly inFloat: readonly string[];
  /** What was measured of the network with each layer alone in 8 bits, the most harmful first; empty where none had to go. */
  readonly alone: readonly { readonly name: string; readonly score: number }[];
  /** Of what is returned. */
  readonly score: number;
}

/** How near a network's results are to those of the one it was made from: 1 where they are the same. */
export type Score = (model: Uint8Array) => Promise<number>;

/**
 * A network with its layers in 8 bits. `pictures` are what it is given, one by one; `score` says how near a changed network
 * is to the given one. Throws NETWORK_INVALID where it has no layer that could be quantised, or reaches the target in none.
 */
export async function quantiseNetwork(
  name: string,
  bytes: Uint8Array,
  pictures: readonly Tensor[],
  score: Score,
  options: QuantiseOptions,
): Promise<QuantisedNetwork> {
  const { weightBits, threads, target, onProgress } = options;
  const graph = new GraphParts(bytes);
  const units = checkedUnits(name, graph);
  const values = units.flatMap(({ inputs, output }) => (output === undefined ? inputs : [...inputs, output]));
  const observed = await observe(graph, [...new Set(values)], pictures, threads);
  const written = (method: RangeMethod, inFloat: readonly string[]) =>
    withQdq(graph, units, observed, { method, weightBits, inFloat: new Set(inFloat) });
  const methods = await bestMethod(options, async (method) => score(written(method, []).model));
  const { method } = methods;
  if (methods.score >= target) {
    return { ...written(method, []), method, inFloat: [], alone: [], score: methods.score };
  }
  const alone = await harmOfEach({ units, observed, onProgress }, async (others) =>
    score(written(method, others).model),
  );
  // As few as will do: doubled until it does, then halved in between.
  const harmful = alone.map((each) => each.name);
  const scoreWithout = async (count: number) => score(written(method, harmful.slice(0, count)).model);
  const found = await fewest(harmful.length - 1, target, scoreWithout);
  if (!found) {
    const what = `${name}: no layer but the least harmful can be quantised and keep a cosine of ${target}`;
    throw new SkyfixError('NETWORK_INVALID', `${what}; ask for less, or calibrate with more pictures.`);
  }
  const inFloat = harmful.slice(0, found.count);
  return { ...written(method, inFloat), method, inFloat, alone, score: found.score };
}

function checkedUnits(name: string, graph: GraphParts): readonly Unit[] {
  if (graph.opset < LEAST_OPSET) {
    const what = `${name} is written in operator set ${graph.opset}; quantising needs ${LEAST_OPSET} or newer`;
    throw new SkyfixError('NETWORK_INVALID', `${what}: export it again.`);
  }
  const units = unitsOf(graph);
  if (units.some(({ kind }) => kind !== 'sum')) return units;
  const what = `${name} has no convolution or product with constant float weights that could be quantised`;
  const already = graph.nodes.some(({ opType }) => opType === 'QuantizeLinear');
  throw new SkyfixError('NETWORK_INVALID', `${what}${already ? '; it is quantised already' : ''}.`);
}

async function bestMethod(
  { methods, onProgress }: QuantiseOptions,
  score: (method: RangeMethod) => Promise<number>,
): Promise<{ readonly method: RangeMethod; readonly score: number }> {
  const found: { method: RangeMethod; score: number }[] = [];
  for (const [k, method] of methods.entries()) {
    found.push({ method, score: await score(method) });
    onProgress?.('ranges', k + 1, methods.length);
  }
  const [first, ...others] = found;
  if (!first) throw new Error('no method was given');
  return others.reduce((best, each) => (each.score > best.score ? each : best), first);
}

/** The score with each layer alone in 8 bits, the lowest first. A sum alone is none: it goes with what it adds. */
async function harmOfEach(
  {
    units,
    observed,
    onProgress,
  }: {
    readonly units: readonly Unit[];
    readonly observed: ReadonlyMap<string, Observed>;
    readonly onProgress: QuantiseOptions['onProgress'];
  },
  scoreWith: (inFloat: readonly string[]) => Promise<number>,
): Promise<readonly { readonly name: string; readonly score: number }[]> {
  const layers = units.filter(
    ({ kind, inputs }) => kind !== 'sum' && inputs.every((input) => observed.has(input)),
  );
  const found: { name: string; score: number }[] = [];
  for (const [k, { name }] of layers.entries()) {
    const others = units.flatMap((unit) => (unit.name === name ? [] : [unit.name]));
    found.push({ name, score: await scoreWith(others) });
    onProgress?.('layers', k + 1, layers.length);
  }
  return found.sort((a, b) => a.score - b.score);
}

/** The least count, up to `most`, that reaches the target, as far as more is better; undefined where none does. */
async function fewest(
  most: number,
  target: number,
  scoreOf: (count: number) => Promise<number>,
): Promise<{ readonly count: number; readonly score: number } | undefined> {
  let [low, high] = [0, Math.min(1, most)];
  let score = await scoreOf(high);
  while (score < target) {
    if (high >= most) return undefined;
    [low, high] = [high, Math.min(2 * high, most)];
    score = await scoreOf(high);
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const there = await scoreOf(middle);
    if (there >= target) [high, score] = [middle, there];
    else low = middle;
  }
  return { count: high, score };
}
