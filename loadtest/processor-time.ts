// What a process has computed so far.
import { readFileSync } from 'node:fs';

/** One tick of /proc's clock, which Linux fixes for user programs (USER_HZ). */
const TICK_MS = 10;

/** Processor time of a process so far, all its threads (proc_pid_stat(5), utime and stime); NaN elsewhere than on Linux. */
export function processorMsOf(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.NaN;
  }
}
