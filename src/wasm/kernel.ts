// A module, compiled, and the memory that it works in.
import { moduleCode, type WasmFunction } from './module.js';

// What is used of it here; Node's types leave it to the browser's.
declare namespace WebAssembly {
  class Memory {
    constructor(size: { readonly initial: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Module {
    constructor(code: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: { readonly env: { readonly memory: Memory } });
    readonly exports: Readonly<Record<string, unknown>>;
  }
}

const PAGE_BYTES = 65_536;

export interface Kernel<Names extends string> {
  readonly memory: WebAssembly.Memory;
  readonly run: Readonly<Record<Names, (...parameters: number[]) => void>>;
}

/** Compiled anew, with a memory of its own: a millisecond. */
export function openKernel<Names extends string>(
  functions: readonly (WasmFunction & { readonly name: Names })[],
): Kernel<Names> {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(moduleCode(functions));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { memory, run: exports as Kernel<Names>['run'] };
}

/** Makes the memory at least so large; views of it made before are then empty. */
export function reserve({ memory }: Pick<Kernel<never>, 'memory'>, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
}

/** Gives the next bytes of a memory, from a multiple of 16 on. */
export type Place = (bytes: number) => number;

/** Hands a memory out from `start` on; asked for 0 bytes it tells how far it has come. */
export function placesFrom(start: number): Place {
  let next = start;
  return (bytes) => {
    const at = next;
    next += (bytes + 15) & ~15;
    return at;
  };
}
