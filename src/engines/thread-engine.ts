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
  readonly runBoth?: (input: Tensor | ByteTensor) => Promise<readonly [Tensor, Tensor]>;
  /** Memory of inputs that were run, youngest last: requests are of few sizes. */
  #spare: readonly ArrayBuffer[] = [];

  constructor(
    { description, precision }: Named,
    path: string,
    worker: RequestWorker<NetworkRequests>,
    givesBoth: boolean,
  ) {
    this.description = description;
    this.precision = precision;
    this.#path = path;
    this.#worker = worker;
    if (givesBoth) {
      this.runBoth = async (input) => {
        const { output, second } = await this.#ask(input, true);
        if (!second) throw new SkyfixError('INTERNAL', `Running ${path} gave one output.`);
        return [output, second];
      };
    }
  }

  get state(): PartState {
    return this.#worker.partState;
  }

  /** Copies the input, so that the caller keeps its own. */
  async run(input: Tensor | ByteTensor): Promise<Tensor> {
    return (await this.#ask(input)).output;
  }

  async #ask({ data, shape }: Tensor | ByteTensor, both?: boolean) {
    const elements = shape.reduce((product, n) => product * n, 1);
    if (elements !== data.length) {
      throw new SkyfixError('INTERNAL', `A tensor [${shape}] came with ${data.length} values.`);
    }
    const memory = this.#memoryOf(data.byteLength);
    const asked =
      data instanceof Uint8Array
        ? { data: new Uint8Array(memory), shape, ...(both && { both }) }
        : { data: new Float32Array(memory), shape, ...(both && { both }) };
    asked.data.set(data);
    try {
      const answer = await this.#worker.ask('run', asked, { transfer: [memory] });
      this.#spare = [...this.#spare, answer.spent].slice(-MOST_SPARE);
      return answer;
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
 * Loads a network with one float32 input and output in a thread that runs `script`; `givesBoth`: it answers for the second
 * output too. Throws BUNDLE_CORRUPT where the library
 * cannot load it; an error of the table that the script throws keeps its code.
 */
export async function openThreadEngine<S extends NetworkSetup>(
  {
    script,
    choice,
    setup,
    givesBoth = false,
  }: { readonly script: URL; readonly choice: Named; readonly setup: S; readonly givesBoth?: boolean },
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
  return new ThreadEngine(choice, path, worker, givesBoth);
}
