// Inference engine on onnxruntime-node, in a worker thread of its own so that the event loop never stalls.
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { messageOf, SkyfixError } from '../errors/index.js';
import { type PartState, RESTART_PACE, RequestWorker, ThreadClosed, ThreadDied } from '../threads/index.js';
import type { EngineOptions, InferenceEngine, Tensor } from './engine.js';
import type { OnnxRequests, OnnxSetup } from './onnx-requests.js';

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };

class OnnxEngine implements InferenceEngine {
  readonly description = `onnxruntime-node ${version} cpu`;
  readonly #path: string;
  readonly #worker: RequestWorker<OnnxRequests>;

  constructor(path: string, worker: RequestWorker<OnnxRequests>) {
    this.#path = path;
    this.#worker = worker;
  }

  get state(): PartState {
    return this.#worker.partState;
  }

  /** Copies the input, so that the caller keeps its own. */
  async run({ data, shape }: Tensor): Promise<Tensor> {
    const elements = shape.reduce((product, n) => product * n, 1);
    if (elements !== data.length) {
      throw new SkyfixError('INTERNAL', `A tensor [${shape}] came with ${data.length} values.`);
    }
    const copy = new Float32Array(data);
    try {
      return await this.#worker.ask('run', { data: copy, shape }, { transfer: [copy.buffer] });
    } catch (error) {
      throw this.#failure(error);
    }
  }

  close(): Promise<void> {
    return this.#worker.close();
  }

  #failure(error: unknown): SkyfixError {
    if (error instanceof ThreadDied) {
      const what = `The network ${basename(this.#path)} ended (${error.why}) and is being loaded again.`;
      return new SkyfixError('RECOVERING', what, { cause: error });
    }
    const why = error instanceof ThreadClosed ? 'the engine is closed' : messageOf(error);
    return new SkyfixError('INTERNAL', `Running ${this.#path} failed: ${sentence(why)}`, { cause: error });
  }
}

const sentence = (what: string) => (/[.!?]$/.test(what) ? what : `${what}.`);

/** Loads an ONNX network with one float32 input and output. Throws BUNDLE_CORRUPT where onnxruntime cannot load it. */
export async function openOnnxEngine(path: string, options: EngineOptions): Promise<InferenceEngine> {
  const { threads, onDeath, onRecovered } = options;
  const worker = new RequestWorker<OnnxRequests>(new URL('./onnx-worker.js', import.meta.url), {
    of: `the network ${path}`,
    setup: { path, threads } satisfies OnnxSetup,
    restart: RESTART_PACE,
    onDeath,
    onRecovered,
  });
  try {
    await worker.opened;
  } catch (error) {
    const why = error instanceof ThreadDied ? `its thread ended (${error.why})` : messageOf(error);
    throw new SkyfixError('BUNDLE_CORRUPT', `${path} cannot be loaded: ${sentence(why)}`, { cause: error });
  }
  return new OnnxEngine(path, worker);
}
