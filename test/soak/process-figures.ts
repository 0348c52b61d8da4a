// What Linux says of a process: memory and descriptors; and what a row of such figures comes to.
import { readdirSync, readFileSync } from 'node:fs';

/** Bytes in memory. */
export function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}

export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export interface Growth {
  readonly fromBytes: number;
  readonly toBytes: number;
  /** Of the last window over the first, minus 1. */
  readonly share: number;
}

/** Of the samples, the share at the beginning and at the end that is compared. */
const WINDOW = 0.25;

/**
 * How memory grew: the median of the last quarter of the samples over that of the first. A collector's saw-tooth is in both,
 * and one peak is in neither; a leak is in the last alone.
 */
export function growthOf(samples: readonly number[]): Growth {
  const size = Math.max(1, Math.floor(samples.length * WINDOW));
  const fromBytes = medianOf(samples.slice(0, size));
  const toBytes = medianOf(samples.slice(-size));
  return { fromBytes, toBytes, share: toBytes / fromBytes - 1 };
}
