// The server under chaos: started, killed, started again, and asked what it says of itself.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const KEY = 'a-key-for-the-chaos-run';
/** What a server may take to answer rightly again. */
const RECOVERY_MS = 5000;

export class ChaosServer {
  readonly #dataDir: string;
  #child: ChildProcess | undefined;
  #url = 'http://127.0.0.1:9';

  readonly #env: Readonly<Record<string, string>>;

  /** `env` is laid over this process's own. */
  constructor(dataDir: string, env: Readonly<Record<string, string>> = {}) {
    this.#dataDir = dataDir;
    this.#env = env;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get url(): string {
    return this.#url;
  }

  /** True from a kill until the next one listens. */
  down = true;

  async start(): Promise<void> {
    const own = { SKYFIX_DATA: this.#dataDir, PORT: '0', SKYFIX_API_KEYS: KEY, LOG_LEVEL: 'silent' };
    const env = { ...process.env, ...own, ...this.#env };
    this.#child = fork(join(import.meta.dirname, 'server-child.js'), { env });
    const [message] = (await Promise.race([
      once(this.#child, 'message'),
      once(this.#child, 'exit').then(([code]) => Promise.reject(new Error(`the server ended with ${code}`))),
    ])) as [{ url: string }];
    this.#url = message.url;
    this.down = false;
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.down = true;
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** True while the process that was started last is alive. */
  get alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends one of its threads, chosen by a number from 0 to 1; false where it had none at the moment. */
  async crashThread(pick: number): Promise<boolean> {
    const child = this.#child;
    if (!child) return false;
    const answered = once(child, 'message');
    child.send({ crash: pick });
    const [{ crashed }] = (await answered) as [{ crashed: boolean }];
    return crashed;
  }

  /** Asks for the region's current version to be taken up; the status. */
  async reload(region: string): Promise<number> {
    const headers = { authorization: `Bearer ${KEY}`, connection: 'close' };
    const response = await fetch(`${this.#url}/admin/regions/${region}/reload`, { method: 'POST', headers });
    await response.body?.cancel();
    return response.status;
  }

  async ready(): Promise<boolean> {
    const response = await fetch(`${this.#url}/readyz`);
    await response.body?.cancel();
    return response.status === 200;
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.#url}/metrics`)).text();
  }

  /** Milliseconds until `right` is true and /readyz agrees; throws after RECOVERY_MS. */
  async recovered(right: () => Promise<boolean>): Promise<number> {
    const started = performance.now();
    for (;;) {
      if ((await right()) && (await this.ready())) return performance.now() - started;
      if (performance.now() - started > RECOVERY_MS)
        throw new Error(`not recovered within ${RECOVERY_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** The value of a metric's sample, or 0 where there is none; the sum over its labels. */
export function metricSum(text: string, name: string): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
