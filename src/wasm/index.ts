// WebAssembly put together instruction by instruction: loops over pixels in 128-bit vectors, which every CPU that Node runs on
// has. No compiler is needed, and nothing binary is kept.
export * as wasm from './instructions.js';
export { type Kernel, openKernel, type Place, placesFrom, reserve } from './kernel.js';
export type { WasmFunction } from './module.js';
