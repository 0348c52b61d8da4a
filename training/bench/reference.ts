// The PyTorch process that bench/train.ts compares with.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StepTimes } from './cases.js';

const SCRIPT = fileURLToPath(new URL('../../bench/reference.py', import.meta.url)); // from dist/bench

export interface TimedStep {
  readonly times: StepTimes;
  readonly cpuMs: number;
}

export class Reference {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  version = '';

  private constructor(python: string, threads: number) {
    // OpenMP's threads otherwise spin while they wait: with anything else running, steps take ten times as long.
    const env = { OMP_WAIT_POLICY: 'passive', ...process.env };
    this.#child = spawn(python, [SCRIPT, String(threads)], { env });
    this.#child.stdin.on('error', () => {}); // a process that is gone is told by the end of its lines
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Starts `python`; undefined, with the reason for `note`, where PyTorch cannot be imported there. */
  static async start(
    python: string,
    threads: number,
    note: (reason: string) => void,
  ): Promise<Reference | undefined> {
    const reference = new Reference(python, threads);
    let errors = '';
    reference.#child.stderr.on('data', (text: Buffer) => {
      errors += text.toString();
    });
    const failed = new Promise<string>((resolve) => {
      reference.#child.on('error', (error) => resolve(error.message));
      reference.#child.on('exit', () => resolve(errors.trim().split('\n').at(-1) ?? 'it ended'));
    });
    const first = await Promise.race([reference.#lines.next(), failed]);
    if (typeof first === 'string' || first.done) {
      note(typeof first === 'string' ? first : await failed);
      return undefined;
    }
    reference.version = (JSON.parse(first.value) as { version: string }).version;
    return reference;
  }

  async make(description: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#ask({ make: description });
  }

  /** One step; cpuMs is what all its threads computed together. */
  async run(): Promise<TimedStep> {
    return (await this.#ask({ run: true })) as TimedStep;
  }

  async #ask(message: unknown): Promise<unknown> {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('The PyTorch process ended.');
    return JSON.parse(value);
  }

  stop(): void {
    this.#child.stdin.end();
  }
}
