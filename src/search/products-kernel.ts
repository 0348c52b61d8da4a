// The products' code, compiled, and the memory that it works in.
import { productsCode } from './products-code.js';

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

type Products = (
  queries: number,
  queriesEnd: number,
  rows: number,
  rowsEnd: number,
  stride: number,
  out: number,
  outStride: number,
) => void;
type Pairs = (
  queries: number,
  rows: number,
  numbers: number,
  numbersEnd: number,
  stride: number,
  out: number,
) => void;

type Halves = (from: number, end: number, to: number) => void;
type Bytes = (from: number, end: number, to: number, scaleAt: number) => void;

export interface Kernel {
  readonly memory: WebAssembly.Memory;
  readonly products: Products;
  readonly pairs: Pairs;
  /** 16 float16s at a time to float32s. */
  readonly halves: Halves;
  /** 16 int8s at a time to float32s, each times the float32 at scaleAt. */
  readonly bytes: Bytes;
}

/** Compiled anew, with a memory of its own: a millisecond. */
export function openKernel(): Kernel {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(productsCode());
  const { products, pairs, halves, bytes } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  return {
    memory,
    products: products as Products,
    pairs: pairs as Pairs,
    halves: halves as Halves,
    bytes: bytes as Bytes,
  };
}

/** Makes the memory at least so large; views of it made before are then empty. */
export function reserve({ memory }: Kernel, bytes: number): void {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
}
