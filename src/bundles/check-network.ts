// A network held against its contract, tried while it runs: the same answer to the same image, alone and in every batch, and
// different ones to different images.
import { DEFAULT_ENGINE, type InferenceEngine, openEngine, type Tensor } from '../engines/index.js';
import { messageOf, SkyfixError } from '../errors/index.js';
import { type OnnxSummary, readOnnx } from '../onnx/index.js';
import { checkLooks } from './check-looks.js';
import { BATCH_TOLERANCE, type NetworkContract } from './contract.js';
import { type ProbeImage, probeImages } from './probe-images.js';
import { checkSignature, exportFree, type Invalid, invalidNetwork } from './signature.js';

/** Root mean square below which the results of two different images are one: of unit vectors, a cosine over 1 - 5e-7. */
const SAME_RMS = 1e-3;

/** What a network that keeps its contract showed. */
export interface NetworkReport {
  readonly description: string;
  /** Whether it takes any number of images at once, or one. */
  readonly batch: 'free' | 1;
  /** Smallest and largest value of its results. */
  readonly range: readonly [number, number];
  /** One image, milliseconds. */
  readonly latencyMs: number;
  /** Of an encoder with dense looks: how like a look is to the same square cut out, as a mean cosine. */
  readonly likeness?: number;
}

/**
 * Loads the network in `file`, whose bytes are `bytes`, and runs it on some forty images, alone and in the contract's batches.
 * `name` is what messages call it, `threads` the engine's compute threads. Throws NETWORK_INVALID naming what was found
 * and what is required.
 */
export async function checkNetwork(
  { file, name = file, bytes }: { readonly file: string; readonly name?: string; readonly bytes: Uint8Array },
  contract: NetworkContract,
  options: { readonly threads: number },
): Promise<NetworkReport> {
  const invalid = invalidNetwork(name);
  const batch = checkSignature(summaryOf(bytes, invalid), contract, invalid);
  const rethrow = (error: unknown): never => {
    const what = error instanceof SkyfixError ? error.detail : messageOf(error);
    throw new SkyfixError('NETWORK_INVALID', what.replaceAll(file, name), { cause: error });
  };
  const engine = await openEngine(DEFAULT_ENGINE, file, options).catch(rethrow);
  const run = (images: readonly ProbeImage[], sizePx = contract.sizePx) =>
    runImages(engine, images, sizePx).catch(rethrow);
  const runBatch = async (images: readonly ProbeImage[]) =>
    valuesOf(await run(images), [images.length, ...contract.outputShape], contract, invalid);
  try {
    const images = probeImages(contract.sizePx, contract.low);
    const alone: Float32Array[] = [];
    for (const image of images) {
      const result = await runBatch([image]);
      const fault = valueFault(result, contract);
      if (fault) throw invalid(`the ${contract.output} of ${image.name} ${fault}`);
      alone.push(result);
    }
    const started = performance.now();
    const again = await runBatch(images.slice(0, 1));
    const latencyMs = performance.now() - started;
    if (!sameBits(alone[0] ?? again, again))
      throw invalid(`two runs on the same image give different ${contract.output}s`);
    checkVariety(images, alone, contract, invalid);
    if (batch === 'free') await checkBatches(images, alone, contract, runBatch, invalid);
    const { dense } = contract;
    const likeness = dense && (await checkLooks({ contract, dense, run, batch, invalid }));
    const low = Math.min(...alone.map((values) => values.reduce((a, b) => Math.min(a, b))));
    const high = Math.max(...alone.map((values) => values.reduce((a, b) => Math.max(a, b))));
    const found = { description: engine.description, batch, range: [low, high], latencyMs } as const;
    return { ...found, ...(likeness !== undefined && { likeness }) };
  } finally {
    await engine.close();
  }
}

function summaryOf(bytes: Uint8Array, invalid: Invalid): OnnxSummary {
  try {
    return readOnnx(bytes);
  } catch (error) {
    throw invalid(`no ONNX file (${messageOf(error)})`);
  }
}

/** Two images, not both flat, of which the network says the same. */
function checkVariety(
  images: readonly ProbeImage[],
  alone: readonly Float32Array[],
  { output }: NetworkContract,
  invalid: Invalid,
): void {
  const pairs = images.flatMap((a, i) =>
    images.slice(0, i).flatMap((b, j) => {
      const same = rmsBetween(alone[i] as Float32Array, alone[j] as Float32Array) < SAME_RMS;
      return same && !(a.flat && b.flat) ? [[b.name, a.name]] : [];
    }),
  );
  const [first] = pairs;
  if (!first) return;
  throw invalid(
    `it gives the same ${output} for ${first[0]} and ${first[1]}` +
      `${pairs.length > 1 ? ` (and ${pairs.length - 1} other pairs of ${images.length} images)` : ''}: ` +
      'places that differ like these it cannot tell apart; check that its weights were loaded, and its input range',
  );
}

/** Of vectors of unit length the distance, of views the root mean square: what lies between "by rounding" and "by content". */
function rmsBetween(a: Float32Array, b: Float32Array): number {
  const square = a.reduce((sum, value, k) => sum + (value - (b[k] as number)) ** 2, 0);
  const size = a.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(square / Math.max(size, 1e-12));
}

async function checkBatches(
  images: readonly ProbeImage[],
  alone: readonly Float32Array[],
  { batches, input, output }: NetworkContract,
  run: (images: readonly ProbeImage[]) => Promise<Float32Array>,
  invalid: Invalid,
): Promise<void> {
  for (const [turn, size] of batches.entries()) {
    // Each batch begins with another image and every second one runs backwards, so that neighbours and places change.
    const numbers = Array.from({ length: size }, (_, k) => (5 * turn + k) % images.length);
    if (turn % 2 === 1) numbers.reverse();
    const together = await run(numbers.map((n) => images[n] as ProbeImage)).catch((error: unknown) => {
      const what = error instanceof SkyfixError ? error.detail : messageOf(error);
      throw invalid(`${what.replace(/\.$/, '')}, in a batch of ${size}: ${exportFree(input)}`);
    });
    for (const [place, n] of numbers.entries()) {
      const expected = alone[n] as Float32Array;
      const found = together.subarray(place * expected.length, (place + 1) * expected.length);
      const worst = found.reduce((most, value, k) => {
        const apart = Math.abs(value - (expected[k] as number));
        return apart > most || Number.isNaN(apart) ? apart : most;
      }, 0);
      if (worst <= BATCH_TOLERANCE) continue;
      throw invalid(
        `an image's ${output} in a batch of ${size} (place ${place + 1}) differs by ${worst} from the one alone`,
      );
    }
  }
}

/** Runs [n, 3, S, S]. */
function runImages(engine: InferenceEngine, images: readonly ProbeImage[], sizePx: number): Promise<Tensor> {
  const data = new Float32Array(images.length * 3 * sizePx * sizePx);
  for (const [k, image] of images.entries()) data.set(image.data, k * image.data.length);
  return engine.run({ data, shape: [images.length, 3, sizePx, sizePx] });
}

/** A result's values, its shape checked. */
function valuesOf(
  { data, shape }: Tensor,
  wanted: readonly number[],
  { output }: NetworkContract,
  invalid: Invalid,
): Float32Array {
  if (shape.join() === wanted.join()) return data;
  throw invalid(`${output} has shape [${shape.join(', ')}], expected [${wanted.join(', ')}]`);
}

function valueFault(values: Float32Array, { fault }: NetworkContract): string | undefined {
  const strange = values.findIndex((value) => !Number.isFinite(value));
  return strange >= 0 ? `holds ${values[strange]} (value ${strange})` : fault(values);
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

const bytesOf = (values: Float32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
