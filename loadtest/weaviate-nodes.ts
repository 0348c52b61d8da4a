// Weaviate nodes for measurements and tests: the server where it is installed, on loopback as far as it can be told.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { freePortRows } from './node-ports.js';

/** The reason that test/allowed-skips.txt has. */
export const NO_SERVER = 'weaviate-server is not installed';

/** Of SKYFIX_WEAVIATE_SERVER, the PATH, or Go's folder of programs; undefined where there is none. */
export function weaviateServer(): string | undefined {
  const home = process.env.GOPATH ?? join(process.env.HOME ?? '/root', 'go');
  const folders = [...(process.env.PATH ?? '').split(delimiter), process.env.GOBIN ?? '', join(home, 'bin')];
  const named = process.env.SKYFIX_WEAVIATE_SERVER;
  const candidates = named ? [named] : folders.map((folder) => join(folder, 'weaviate-server'));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return path.startsWith('/');
    } catch {
      return false;
    }
  });
}

/** Data behind gossip, and calls behind raft. */
const PORTS = ['rest', 'grpc', 'gossip', 'data', 'raft', 'rpc', 'metrics'] as const;
type Ports = Readonly<Record<(typeof PORTS)[number], number>>;

export interface WeaviateNode {
  readonly name: string;
  readonly url: string;
  readonly grpcUrl: string;
  readonly pid: number;
  /** Ends it as a crash would; resolves when it has ended. */
  kill(): Promise<void>;
  /** Starts it again with its data. */
  start(): Promise<void>;
}

/** Starts so many nodes that make one cluster, each with a folder of its own in `folder`; they answer when it resolves. */
export async function startWeaviate(program: string, folder: string, count: number): Promise<WeaviateNode[]> {
  const firsts = await freePortRows(count, PORTS.length);
  const ports = firsts.map((first) => Object.fromEntries(PORTS.map((name, i) => [name, first + i])) as Ports);
  const nodes = ports.map((_, k) => new Server(program, folder, ports, k));
  try {
    await Promise.all(nodes.map((node) => node.start()));
    return nodes;
  } catch (error) {
    await Promise.all(nodes.map((node) => node.kill()));
    throw error;
  }
}

const READY_WITHIN_MS = 120_000;
const AGAIN_AFTER_MS = 1_000;
const LAST_LINES = 12;
/** Keeps Go's heap small; three nodes of a test share a machine. */
const MEMORY = '700MiB';

class Server implements WeaviateNode {
  readonly name: string;
  readonly url: string;
  readonly grpcUrl: string;
  readonly #program: string;
  readonly #folder: string;
  readonly #log: string;
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;

  constructor(program: string, folder: string, all: readonly Ports[], place: number) {
    const own = all[place] as Ports;
    this.name = `w${place}`;
    this.url = `http://127.0.0.1:${own.rest}`;
    this.grpcUrl = `http://127.0.0.1:${own.grpc}`;
    this.#program = program;
    this.#folder = join(folder, this.name);
    this.#log = `${this.#folder}.log`;
    this.#environment = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      GOMEMLIMIT: MEMORY,
      PERSISTENCE_DATA_PATH: this.#folder,
      CLUSTER_HOSTNAME: this.name,
      CLUSTER_IN_LOCALHOST: 'true',
      CLUSTER_BIND_ADDR: '127.0.0.1',
      CLUSTER_ADVERTISE_ADDR: '127.0.0.1',
      CLUSTER_GOSSIP_BIND_PORT: String(own.gossip),
      CLUSTER_DATA_BIND_PORT: String(own.data),
      CLUSTER_JOIN: all.map(({ gossip }) => `127.0.0.1:${gossip}`).join(','),
      RAFT_PORT: String(own.raft),
      RAFT_INTERNAL_RPC_PORT: String(own.rpc),
      RAFT_JOIN: all.map(({ raft }, k) => `w${k}:${raft}`).join(','),
      RAFT_BOOTSTRAP_EXPECT: String(all.length),
      GRPC_PORT: String(own.grpc),
      PROMETHEUS_MONITORING_PORT: String(own.metrics),
      GO_PROFILING_DISABLE: 'true',
      DEFAULT_VECTORIZER_MODULE: 'none',
      ENABLE_MODULES: '',
      DISABLE_TELEMETRY: 'true',
      AUTOSCHEMA_ENABLED: 'false',
      AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED: 'true',
      PERSISTENCE_MEMTABLES_FLUSH_DIRTY_AFTER_SECONDS: '5',
      LOG_LEVEL: 'warning',
    };
    this.#port = own.rest;
  }
  readonly #port: number;

  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const endsAt = performance.now() + READY_WITHIN_MS;
    for (;;) {
      const before = await sizeOf(this.#log);
      const why = await this.#startOnce(endsAt);
      if (why === undefined) return;
      const said = await this.#lastWords(before);
      // A connection of another program has the port, or the node's own of before is still being taken apart.
      if (!/address already in use/i.test(said) || performance.now() > endsAt) {
        throw new Error(`${this.name} ${why}; the end of ${this.#log}:\n${said}`);
      }
      console.error(`${this.name} ${why}, since a port of its is taken; it is started again`);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
    }
  }

  /** Why it does not answer; undefined where it does. */
  async #startOnce(endsAt: number): Promise<string | undefined> {
    const log = openSync(this.#log, 'a');
    const flags = ['--scheme', 'http', '--host', '127.0.0.1', '--port', String(this.#port)];
    const child = spawn(this.#program, flags, { env: this.#environment, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    while (!(await this.#ready())) {
      if (child.exitCode !== null || child.signalCode !== null) {
        return `ended with ${child.exitCode ?? child.signalCode}`;
      }
      if (performance.now() > endsAt) return `does not answer within ${READY_WITHIN_MS / 1000} s`;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return undefined;
  }

  /** What it has logged since, the end of it. */
  async #lastWords(from: number): Promise<string> {
    const text = (await readFile(this.#log)).subarray(from).toString('utf8');
    return text.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async #ready(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/v1/.well-known/ready`, { signal: AbortSignal.timeout(1000) })).ok;
    } catch {
      return false;
    }
  }
}

/** Bytes of a file; 0 where there is none. */
async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
