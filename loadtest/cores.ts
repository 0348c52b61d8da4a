// Which processors a measurement may use, as Linux lists them and taskset takes them.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Beyond this "all" means every doubling, and all there are. */
const EVERY_COUNT_TO = 4;
const TOPOLOGY = '/sys/devices/system/cpu';

/** "0-2,5" as [0, 1, 2, 5]. Throws where it is no such list. */
export function parseCpuList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? [];
      const [first, last] = [Number(from), Number(to)];
      if (from === undefined || last < first) {
        throw new Error(`"${text.trim()}" is no list of processors such as 0-2,5.`);
      }
      return Array.from({ length: last - first + 1 }, (_, k) => first + k);
    });
}

/**
 * One processor of each core first, then the second threads of the cores: two threads of one core are worth less than two
 * cores. `siblingsOf` gives all processors of a processor's core.
 */
export function spreadOut(
  processors: readonly number[],
  siblingsOf: (processor: number) => readonly number[],
): number[] {
  const before = (processor: number) =>
    siblingsOf(processor).filter((other) => other < processor && processors.includes(other)).length;
  return [...processors].sort((a, b) => before(a) - before(b) || a - b);
}

/**
 * The processors that this process may use, those of different cores first. Throws where they cannot be told, or no process
 * can be held to some of them.
 */
export async function usableProcessors(): Promise<number[]> {
  const need = '--cores needs Linux and taskset (of util-linux)';
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const [, allowed] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status) ?? [];
  if (allowed === undefined) throw new Error(`${need}: this system does not say which processors there are.`);
  await promisify(execFile)('taskset', ['--version']).catch(() => {
    throw new Error(`${need}: there is no taskset here.`);
  });
  const processors = parseCpuList(allowed);
  const siblings = new Map<number, number[]>();
  for (const processor of processors) {
    const file = `${TOPOLOGY}/cpu${processor}/topology/thread_siblings_list`;
    const text = await readFile(file, 'utf8').catch(() => String(processor));
    siblings.set(processor, parseCpuList(text));
  }
  return spreadOut(processors, (processor) => siblings.get(processor) ?? [processor]);
}

/** What --cores says, rising: "all", or counts such as "1,2,4". Throws where it says neither, or more than there are. */
export function coreCounts(text: string, available: number): number[] {
  if (text.trim() === 'all') {
    const counts = new Set([available]);
    for (let count = 1; count < available; count = count < EVERY_COUNT_TO ? count + 1 : count * 2) {
      counts.add(count);
    }
    return [...counts].sort((a, b) => a - b);
  }
  const counts = text.split(',').map((part) => {
    const count = /^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN;
    if (count >= 1 && count <= available) return count;
    throw new Error(
      `--cores is "${text}"; it must be "all" or whole numbers from 1 to ${available}, which this process may use.`,
    );
  });
  return [...new Set(counts)].sort((a, b) => a - b);
}

/** A command line that is held to some processors; to none in particular where none is named. */
export function heldTo(processors: readonly number[], command: readonly string[]): readonly string[] {
  return processors.length === 0 ? command : ['taskset', '-c', processors.join(','), ...command];
}
