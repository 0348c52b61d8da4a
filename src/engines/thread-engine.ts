// What the engines share: a network in a worker thread of its own, whatever library runs it there. Libraries block the
// thread that they are called on; in a thread the event loop never stalls, and a network that is lost is loaded again.
import { basename } from 'node:path';
import { messageOf, SkyfixError } from '../errors/index.js';
import { type PartState, RESTART_PACE, RequestWorker, ThreadClosed, ThreadDied } from '../threads/index.js';
import type { EngineChoice, Precision } from './choice.js';
import type { ByteTensor, EngineOptions, InferenceEngine, Tensor } from './engine.js';
import type { NetworkRequests, NetworkSetup } from './network-requests.js';

/** For two requests at once, of two shapes. */
const MOST_SPARE = 4;

type Named = Pick<EngineChoice, 'description' | 'precision'>;

class ThreadEngine implements InferenceEngine {
  readonly description: string;
  readonly precision: Precision;
  readonly #path: string;
  readonly #worker: RequestWorker<NetworkRequests>;
  /** Memory of inputs that were run, youngest last: requests are of few sizes. */
  #spare: readonly ArrayBuffer[] = [];

  constructor({ description, precision }: Named, path: string, worker: RequestWorker<NetworkRequests>) {
    this.description = description;
    this.precision = precision;
    this.#path = path;
    this.#worker = worker;
  }

  get state(): PartState {
    return this.#worker.partState;
  }

  /** Copies the input, so that the caller keeps its own. */
  async run({ data, shape }: Tensor | ByteTensor): Promise<Tensor> {
    const elements = shape.reduce((product, n) => product * n, 1);
    if (elements !== data.length) {
      throw new SkyfixError('INTERNAL', `A tensor [${shape}] came with ${data.length} values.`);
    }
    const memory = this.#memoryOf(data.byteLength);
    const asked =
      data instanceof Uint8Array
        ? { data: new Uint8Array(memory), shape }
        : { data: new Float32Array(memory), shape };
    asked.data.set(data);
    try {
      const { output, spent } = await this.#worker.ask('run', asked, { transfer: [memory] });
      this.#spare = [...this.#spare, spent].slice(-MOST_SPARE);
      return output;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  close(): Promise<void> {
    return this.#worker.close();
  }

  #memoryOf(bytes: number): ArrayBuffer {
    const spare = this.#spare.find(({ byteLength }) => byteLength === bytes);
    this.#spare = this.#spare.filter((other) => other !== spare);
    return spare ?? new ArrayBuffer(bytes);
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

/**
 * Loads a network with one float32 input and output in a thread that runs `script`. Throws BUNDLE_CORRUPT where the library
 * cannot load it; an error of the table that the script throws keeps its code.
 */
export async function openThreadEngine<S extends NetworkSetup>(
  { script, choice, setup }: { readonly script: URL; readonly choice: Named; readonly setup: S },
  { onDeath, onRecovered }: EngineOptions,
): Promise<InferenceEngine> {
  const { path } = setup;
  const worker = new RequestWorker<NetworkRequests>(script, {
    of: `the network ${path}`,
    setup,
    restart: RESTART_PACE,
    onDeath,
    onRecovered,
  });
  try {
    await worker.opened;
  } catch (error) {
    if (error instanceof SkyfixError) throw error;
    const why = error instanceof ThreadDied ? `its thread ended (${error.why})` : messageOf(error);
    throw new SkyfixError('BUNDLE_CORRUPT', `${path} cannot be loaded: ${sentence(why)}`, { cause: error });
  }
  return new ThreadEngine(choice, path, worker);
}
