// A module: functions of 32-bit integers that return nothing and work in one memory.
import { type Code, leb } from './instructions.js';

const I32 = 0x7f;
const V128 = 0x7b;

export interface WasmFunction {
  readonly name: string;
  /** Locals 0 to parameters - 1. */
  readonly parameters: number;
  /** Integer locals behind them, and vector locals behind those. */
  readonly words: number;
  readonly vectors: number;
  readonly code: Code;
}

const section = (id: number, content: Code): Code => [id, ...leb(content.length), ...content];
const named = (name: string): Code => [...leb(name.length), ...new TextEncoder().encode(name)];

/** The module's bytes: memory `env.memory` in, the functions by their names out. */
export function moduleCode(functions: readonly WasmFunction[]): Uint8Array {
  const count = leb(functions.length);
  const types = functions.flatMap(({ parameters }) => [
    ...[0x60, ...leb(parameters), ...new Array<number>(parameters).fill(I32)],
    0,
  ]);
  const bodies = functions.flatMap(({ words, vectors, code }) => {
    const body = [2, ...leb(words), I32, ...leb(vectors), V128, ...code, 0x0b];
    return [...leb(body.length), ...body];
  });
  const exported = functions.flatMap(({ name }, k) => [...named(name), 0, ...leb(k)]);
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [...count, ...types]),
    ...section(2, [1, ...named('env'), ...named('memory'), 2, 0, 1]),
    ...section(3, [...count, ...functions.keys()]),
    ...section(7, [...count, ...exported]),
    ...section(10, [...count, ...bodies]),
  ]);
}
