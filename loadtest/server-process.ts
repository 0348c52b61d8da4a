// The built server as a child process with one region, demo, in a temporary data folder.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { heldTo } from './cores.js';

export interface ServerProcess {
  readonly url: string;
  /** From the start of the process to the first 200 of /readyz. */
  readonly readyMs: number;
  readonly pid: number;
  /** Ends the process (politely, then not) and removes its data folder. */
  stop(): Promise<void>;
}

const READY_LIMIT_MS = 300_000;
const STOP_LIMIT_MS = 10_000;

/**
 * Puts the demo region, or the index version `indexDir` in its place, into a data folder and starts `bin/skyfix.js serve` below
 * `root` on a free port of 127.0.0.1; where `processors` are named it is held to them, and its networks have as many threads.
 * Throws with the child's output where it does not get ready.
 */
export async function startServerProcess(
  root: string,
  indexDir?: string,
  processors: readonly number[] = [],
): Promise<ServerProcess> {
  const dataDir = await mkdtemp(join(tmpdir(), 'skyfix-loadtest-'));
  const skyfix = join(root, 'bin/skyfix.js');
  const put = indexDir ? ['index', 'publish', indexDir, '--region', 'demo'] : ['demo', 'install'];
  await promisify(execFile)(process.execPath, [skyfix, ...put, '--data', dataDir]);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = performance.now();
  const [program = '', ...args] = heldTo(processors, [process.execPath, skyfix, 'serve']);
  const child = spawn(program, args, {
    env: {
      ...process.env,
      HOST: '127.0.0.1',
      PORT: String(port),
      SKYFIX_DATA: dataDir,
      LOG_LEVEL: 'warn',
      ...(processors.length > 0 && { SKYFIX_THREADS: String(processors.length) }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const endWithParent = () => child.kill('SIGKILL');
  process.once('exit', endWithParent);
  const stop = async () => {
    await endProcess(child);
    process.off('exit', endWithParent);
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    await untilReady(url, child, started);
  } catch (error) {
    await stop();
    throw new Error(`The server did not get ready:\n${output}`, { cause: error });
  }
  return { url, readyMs: performance.now() - started, pid: child.pid ?? 0, stop };
}

/** Waits for the first 200 of /readyz. Throws where the process ends before, or takes too long. */
export async function untilReady(url: string, child: ChildProcess, started: number): Promise<void> {
  while (performance.now() - started < READY_LIMIT_MS) {
    if (child.exitCode !== null) throw new Error(`It ended with status ${child.exitCode}.`);
    const response = await fetch(`${url}/readyz`).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) return;
    await delay(25);
  }
  throw new Error(`It was not ready within ${READY_LIMIT_MS} ms.`);
}

/** Ends a process politely, then not. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(force);
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('No free port.');
  return address.port;
}
