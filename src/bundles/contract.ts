// What a network must keep to become part of a bundle: names, shapes, value ranges, unit length, and the same answer
// to the same image, alone or in a batch. Each is tried on the running network, not only read from the file.

import type { InferenceEngine, Tensor } from '../engines/index.js';
import { openEngine, unitLengthFault } from '../engines/index.js';
import { messageOf, SkyfixError } from '../errors/index.js';
import { type OnnxDimension, type OnnxSummary, readOnnx } from '../onnx/index.js';
import { seededRandom } from '../random/index.js';
import { viewSizePx } from './geometry.js';
import type { BundleGeometry } from './manifest.js';

/** How far a generated view may lie outside [-1, 1]: the rounding of a float32 tanh. */
const RANGE_TOLERANCE = 1e-5;
/** How far an image's result in a batch of two may differ from its result alone. */
const BATCH_TOLERANCE = 1e-4;

export interface NetworkContract {
  /** Name of the one input, [B, 3, sizePx, sizePx] in [low, 1]. */
  readonly input: string;
  readonly low: -1 | 0;
  readonly sizePx: number;
  /** Name of the first output; its shape without the batch. */
  readonly output: string;
  readonly outputShape: readonly number[];
  /** Whether the batch dimension must be free; else it may also be 1. */
  readonly freeBatch: boolean;
  /** What is wrong with one image's result, or undefined. */
  readonly fault: (values: Float32Array) => string | undefined;
}

/** generator.onnx: "bev" [B,3,S,S] in [-1,1] to "view" of the same shape and range. Requests come one at a time: B may be 1. */
export function generatorContract(geometry: BundleGeometry): NetworkContract {
  const sizePx = viewSizePx(geometry);
  return {
    input: 'bev',
    low: -1,
    sizePx,
    output: 'view',
    outputShape: [3, sizePx, sizePx],
    freeBatch: false,
    fault: (values) => {
      const worst = values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0);
      if (Math.abs(worst) <= 1 + RANGE_TOLERANCE) return undefined;
      return `reaches ${worst}, outside [-1, 1]: end the graph with Tanh, or scale its output`;
    },
  };
}

/** encoder.onnx: "image" [B,3,S,S] in [0,1] to "descriptor" [B,D] of unit length. Tiles are embedded in batches: B is free. */
export function encoderContract({ inputSizePx }: BundleGeometry, dimensions: number): NetworkContract {
  return {
    input: 'image',
    low: 0,
    sizePx: inputSizePx,
    output: 'descriptor',
    outputShape: [dimensions],
    freeBatch: true,
    fault: (values) => {
      const fault = unitLengthFault(values);
      return (
        fault && `${fault}: append an L2 normalisation to the graph (operator LpNormalization, axis 1, p 2)`
      );
    },
  };
}

/** What a network that keeps its contract showed. */
export interface NetworkReport {
  readonly description: string;
  readonly batch: 'free' | 1;
  /** Smallest and largest value of its results. */
  readonly range: readonly [number, number];
  /** One image, milliseconds. */
  readonly latencyMs: number;
}

/**
 * Loads the network at `path`, whose bytes are `bytes`, and runs it on noise and on the darkest and brightest image.
 * `threads` are the engine's compute threads. Throws NETWORK_INVALID naming the file, what was found and what is
 * required.
 */
export async function checkNetwork(
  path: string,
  bytes: Uint8Array,
  contract: NetworkContract,
  options: { readonly threads: number },
): Promise<NetworkReport> {
  const invalid = (what: string) => new SkyfixError('NETWORK_INVALID', `${path}: ${what}.`);
  const batch = checkSignature(summaryOf(bytes, invalid), contract, invalid);
  const engine = await openEngine('onnxruntime', path, options).catch(rethrow);
  try {
    const images = [noise(contract, 1), noise(contract, 2), flat(contract, contract.low), flat(contract, 1)];
    const results: Float32Array[] = [];
    for (const image of images) {
      const result = await runBatch(engine, contract, [image], invalid);
      const fault = valueFault(result, contract);
      if (fault) throw invalid(`the ${contract.output} of ${IMAGE_NAMES[results.length]} ${fault}`);
      results.push(result);
    }
    const started = performance.now();
    const again = await runBatch(engine, contract, images.slice(0, 1), invalid);
    const latencyMs = performance.now() - started;
    const [first = again] = results;
    if (!sameBits(first, again))
      throw invalid(`two runs on the same image give different ${contract.output}s`);
    if (batch === 'free') {
      const both = await runBatch(engine, contract, images.slice(0, 2), invalid);
      const alone = results.slice(0, 2).flatMap((values) => [...values]);
      const worst = both.reduce((most, value, k) => Math.max(most, Math.abs(value - (alone[k] ?? 0))), 0);
      if (!(worst <= BATCH_TOLERANCE)) {
        throw invalid(`an image's ${contract.output} in a batch of 2 differs by ${worst} from the one alone`);
      }
    }
    const low = Math.min(...results.map((values) => values.reduce((a, b) => Math.min(a, b))));
    const high = Math.max(...results.map((values) => values.reduce((a, b) => Math.max(a, b))));
    return { description: engine.description, batch, range: [low, high], latencyMs };
  } finally {
    await engine.close();
  }
}

type Invalid = (what: string) => SkyfixError;

/** In the order in which checkNetwork runs them. */
const IMAGE_NAMES = ['noise', 'other noise', 'the darkest image', 'the brightest image'] as const;

/** The engine's own words, which name the file, under the code of this check. */
function rethrow(error: unknown): never {
  const what = error instanceof SkyfixError ? error.detail : messageOf(error);
  throw new SkyfixError('NETWORK_INVALID', what, { cause: error });
}

function summaryOf(bytes: Uint8Array, invalid: Invalid): OnnxSummary {
  let summary: OnnxSummary;
  try {
    summary = readOnnx(bytes);
  } catch (error) {
    throw invalid(`no ONNX file (${messageOf(error)})`);
  }
  if (summary.externalData) throw invalid('some weights lie in other files; save it as one file');
  return summary;
}

/** Names and declared shapes. What the output's shape really is, a run says. */
function checkSignature(
  { inputs, outputs }: OnnxSummary,
  { input, output, sizePx, freeBatch }: NetworkContract,
  invalid: Invalid,
): 'free' | 1 {
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name).join(', ');
  const [only] = inputs;
  if (!only || inputs.length !== 1 || only.name !== input) {
    throw invalid(`it has the inputs [${names(inputs)}]; exactly one, named "${input}", is required`);
  }
  if (outputs[0]?.name !== output) {
    throw invalid(`it has the outputs [${names(outputs)}]; the first must be named "${output}"`);
  }
  const isFree = (size: OnnxDimension | undefined) => typeof size === 'string' || (size ?? 1) < 1;
  const [batch, ...image] = only.shape;
  const wanted = [3, sizePx, sizePx];
  const fits = image.length === 3 && image.every((size, axis) => isFree(size) || size === wanted[axis]);
  if (!fits || !(isFree(batch) || batch === 1)) {
    throw invalid(
      `${input} is declared as [${only.shape.join(', ')}]; [N, ${wanted.join(', ')}] is required` +
        `, with N free${freeBatch ? '' : ' or 1'}`,
    );
  }
  if (batch === 1 && freeBatch) {
    throw invalid(
      `${input} has a batch dimension of 1; it must be free, since tiles are embedded in batches: ` +
        'export with a dynamic axis 0',
    );
  }
  return batch === 1 ? 1 : 'free';
}

/** Runs [n, 3, S, S]; the result's values, its shape checked. */
async function runBatch(
  engine: InferenceEngine,
  { output, outputShape, sizePx }: NetworkContract,
  images: readonly Float32Array[],
  invalid: Invalid,
): Promise<Float32Array> {
  const data = new Float32Array(images.length * 3 * sizePx * sizePx);
  for (const [k, image] of images.entries()) data.set(image, k * image.length);
  const input: Tensor = { data, shape: [images.length, 3, sizePx, sizePx] };
  const result = await engine.run(input).catch(rethrow);
  const wanted = [images.length, ...outputShape];
  if (result.shape.join() !== wanted.join()) {
    throw invalid(`${output} has shape [${result.shape.join(', ')}], expected [${wanted.join(', ')}]`);
  }
  return result.data;
}

function valueFault(values: Float32Array, { fault }: NetworkContract): string | undefined {
  const strange = values.findIndex((value) => !Number.isFinite(value));
  return strange >= 0 ? `holds ${values[strange]} (value ${strange})` : fault(values);
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** [3, S, S], uniform in [low, 1). */
function noise({ sizePx, low }: NetworkContract, seed: number): Float32Array {
  const random = seededRandom(seed);
  return Float32Array.from({ length: 3 * sizePx * sizePx }, () => low + (1 - low) * random());
}

/** [3, S, S], one value. */
function flat({ sizePx }: NetworkContract, value: number): Float32Array {
  return new Float32Array(3 * sizePx * sizePx).fill(value);
}
