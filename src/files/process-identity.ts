// Which process wrote a file, and whether it still runs: not by its number alone, since numbers come again after a
// restart and mean another process in another container or on another host.
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  readonly host: string;
  /** Of the running kernel; empty where the system does not tell. */
  readonly bootId: string;
  /** Numbers of processes mean something within one namespace; empty where there are none. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** Clock ticks from the boot to the start of the process; empty where the system does not tell. */
  readonly startTicks: string;
}

/** `unknown`: it runs, or ran, where this process cannot see it. */
export type Liveness = 'alive' | 'dead' | 'unknown';

export function ownIdentity(): ProcessIdentity {
  return {
    host: hostname(),
    bootId: textOr('', () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: textOr('', () => readlinkSync('/proc/self/ns/pid')),
    pid: process.pid,
    startTicks: statOf(process.pid)?.startTicks ?? '',
  };
}

/** Whether the process that `identity` names still runs, as far as `self` can see. */
export function livenessOf(identity: ProcessIdentity, self = ownIdentity()): Liveness {
  const visible =
    identity.host === self.host &&
    identity.bootId === self.bootId &&
    identity.pidNamespace === self.pidNamespace;
  if (!visible) return 'unknown';
  if (!exists(identity.pid)) return 'dead';
  const stat = statOf(identity.pid);
  // Of another user's process some systems show nothing; then its number has to do.
  if (!stat) return 'alive';
  if (stat.ended) return 'dead';
  return identity.startTicks === '' || identity.startTicks === stat.startTicks ? 'alive' : 'dead';
}

function exists(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** From /proc/PID/stat (proc(5)): the name in parentheses may hold anything, so fields count from its end. */
function statOf(pid: number): { readonly startTicks: string; readonly ended: boolean } | undefined {
  const text = textOr('', () => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', startTicks = ''] = [fields[0], fields[19]];
  if (startTicks === '') return undefined;
  // A zombie is dead and only waits for its parent to notice.
  return { startTicks, ended: state === 'Z' || state === 'X' };
}

function textOr(fallback: string, read: () => string): string {
  try {
    return read();
  } catch {
    return fallback;
  }
}
