// The Python program that skyfix is compared with, as a child process; nothing where its packages are missing.
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endProcess, freePort, untilReady } from './server-process.js';

export type PeerBackend = 'openvino' | 'torch';

export interface Peer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Why there is no peer, as a sentence. */
export interface NoPeer {
  readonly why: string;
}

export const PEER_SETUP =
  'python3 -m venv loadtest/peer/.venv && loadtest/peer/.venv/bin/pip install -r loadtest/peer/requirements.txt';

/** SKYFIX_PYTHON, else the peer's own environment, else what is on the path. */
export function peerPython(root: string, env: NodeJS.ProcessEnv = process.env): string {
  if (env.SKYFIX_PYTHON) return env.SKYFIX_PYTHON;
  const own = join(root, 'loadtest/peer/.venv/bin/python');
  return existsSync(own) ? own : 'python3';
}

/** Output of one of the peer's programs; undefined where it does not run, or says that a package is missing. */
export async function runPeerProgram(
  root: string,
  name: string,
  args: readonly string[],
): Promise<string | undefined> {
  const command = [join(root, 'loadtest/peer', name), ...args];
  return promisify(execFile)(peerPython(root), command, { cwd: root }).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
}

/** A bundle's folder and that of an index made with it. */
export interface Served {
  readonly bundleDir: string;
  readonly indexDir: string;
}

/** Starts the peer on a free port. It knows encoders that look at a view square by square, with or without a generator. */
export async function startPeer(
  root: string,
  backend: PeerBackend,
  threads: number,
  served: Served,
): Promise<Peer | NoPeer> {
  const python = peerPython(root);
  const script = join(root, 'loadtest/peer/server.py');
  const run = promisify(execFile);
  const lacking = await run(python, [script, '--backend', backend, '--check'], { cwd: root }).then(
    () => undefined,
    ({ stdout }: { stdout?: string }) => stdout?.trim() || `${python} does not run`,
  );
  if (lacking) return { why: `FastAPI + ${backend} is left out (${lacking}): ${PEER_SETUP}` };
  const port = await freePort();
  const flags = ['--backend', backend, '--threads', String(threads), '--port', String(port)];
  flags.push('--bundle', served.bundleDir, '--index', served.indexDir);
  const child = spawn(python, [script, ...flags], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  const endWithParent = () => child.kill('SIGKILL');
  process.once('exit', endWithParent);
  const stop = async () => {
    await endProcess(child);
    process.off('exit', endWithParent);
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilReady(url, child, performance.now());
  } catch (error) {
    const ended = child.exitCode !== null;
    await stop();
    // What it lacks it has written out; onnx2torch knows fewer networks than onnxruntime.
    if (ended)
      return { why: `FastAPI + ${backend} is left out: it does not run these networks or this index.` };
    throw error;
  }
  return { url, pid: child.pid ?? 0, stop };
}
