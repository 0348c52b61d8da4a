// Large graphs are built in pages of 2 MiB, where the system gives them to who asks (Linux, transparent_hugepage "madvise"):
// a graph jumps about in gigabytes, and finding each page of 4 KiB takes longer than what is computed there. With 300,000
// vectors already in it, building goes on two and a half times as fast.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type Koffi from 'koffi';

const HUGE_PAGE_BYTES = 2 * 2 ** 20;
/** Smaller regions of memory are not worth the call. */
const LEAST_BYTES = 16 * 2 ** 20;
/** Of madvise: what is touched from now on comes in huge pages; and, from Linux 6.1 on, what was touched already, now. */
const MADV_HUGEPAGE = 14;
const MADV_COLLAPSE = 25;

type Advise = (address: bigint, bytes: bigint, advice: number) => number;

/** Memory of this process that nothing else maps, and that has no name: [from, to). */
function anonymousRegions(): readonly (readonly [from: bigint, to: bigint])[] {
  const lines = readFileSync('/proc/self/maps', 'latin1').split('\n');
  return lines.flatMap((line) => {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 *$/.exec(line) ?? [];
    return from && to ? [[BigInt(`0x${from}`), BigInt(`0x${to}`)] as const] : [];
  });
}

/** Asks for huge pages for all large regions that the process has come to have since the last call; where it can. */
export class HugePages {
  readonly #advise: Advise | undefined;
  readonly #asked = new Set<string>();

  constructor() {
    this.#advise = process.platform === 'linux' ? adviser() : undefined;
  }

  ask(): void {
    if (!this.#advise) return;
    const page = BigInt(HUGE_PAGE_BYTES);
    for (const [from, to] of anonymousRegions()) {
      const start = ((from + page - 1n) / page) * page;
      const bytes = (to / page) * page - start;
      const name = `${start} ${bytes}`;
      if (bytes < LEAST_BYTES || this.#asked.has(name)) continue;
      this.#asked.add(name);
      this.#advise(start, bytes, MADV_HUGEPAGE);
      this.#advise(start, bytes, MADV_COLLAPSE);
    }
  }
}

/** Undefined where the C library cannot be called. */
function adviser(): Advise | undefined {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
    return koffi.load(null).func('int madvise(uintptr_t, size_t, int)') as Advise;
  } catch {
    return undefined;
  }
}
