// The real server as a process of its own with a small heap, and what is to be seen of it from outside.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { HealthFigures } from './health-probe.js';

const SERVER = fileURLToPath(new URL('../server.js', import.meta.url));
const PROBE = new URL('./health-probe.js', import.meta.url);

export class ServerProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #probe: Worker;
  #exit: string | undefined;

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
    child.once('exit', (code, signal) => {
      this.#exit = `${signal ?? `code ${code}`}`;
    });
    this.#probe = new Worker(PROBE, { workerData: `${url}/healthz` });
  }

  /** Starts it with a heap of `heapMb` and waits until it listens. */
  static async start(heapMb: number): Promise<ServerProcess> {
    const child = spawn(process.execPath, [`--max-old-space-size=${heapMb}`, SERVER], {
      // What a busy machine refuses for want of time is no answer to a file.
      env: {
        ...process.env,
        HOST: '127.0.0.1',
        SKYFIX_CONCURRENCY: '2',
        SKYFIX_BUDGET_MS: '0',
        LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('http://')) continue;
      child.stdout.resume();
      return new ServerProcess(line, child);
    }
    throw new Error('The server ended before it was ready.');
  }

  /** How it ended, or undefined while it lives. */
  get ended(): string | undefined {
    return this.#exit;
  }

  /** Resident memory, MB; Linux only, else NaN. */
  residentMb(): number {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
    } catch {
      return Number.NaN;
    }
  }

  /** Ends probing and the server. */
  async stop(): Promise<HealthFigures> {
    const figures = await new Promise<HealthFigures>((resolve) => {
      this.#probe.once('message', resolve);
      this.#probe.postMessage('stop');
    });
    await this.#probe.terminate();
    if (this.#exit === undefined) {
      const exited = new Promise((resolve) => this.#child.once('exit', resolve));
      this.#child.kill('SIGTERM');
      await exited;
    }
    return figures;
  }
}
