// MAT-files of version 7.3, which are HDF5 files: MATLAB's classes are attributes of their data sets, cells and struct arrays
// hold references. HDF5 counts dimensions from the slowest, MATLAB from the fastest, so data come column-major as they lie.
import type { Dataset, File, Group, Reference } from 'h5wasm/node';
import { messageOf } from 'skyfix/errors';
import type { MatArray, MatStruct } from './mat-array.js';

/** Cells within cells, and structs within structs, at most so deep: a file may refer to itself. */
const MOST_DEPTH = 16;

/** The signature that an HDF5 file has at 0, 512, 1024, 2048, …; MATLAB puts its own header of 512 bytes before it. */
const SIGNATURE = Buffer.from('\x89HDF\r\n\x1a\n', 'latin1');

/** True for the bytes of an HDF5 file. */
export function isHdf5(file: Uint8Array): boolean {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  return [0, 512, 1024, 2048].some((at) => bytes.subarray(at, at + SIGNATURE.length).equals(SIGNATURE));
}

/** The variables of an HDF5 file by name; throws an Error that says what is wrong with it. */
export async function readMatHdf5(path: string): Promise<ReadonlyMap<string, MatArray>> {
  // 15 MB of WebAssembly, for a form that few files have: loaded where one is met.
  const hdf5 = await import('h5wasm/node');
  (await hdf5.ready).activate_throwing_error_handler(); // else it prints its errors and goes on
  let file: File | undefined;
  try {
    const opened = new hdf5.File(path, 'r');
    file = opened;
    const arrayOf = (entity: unknown, depth: number): MatArray => {
      if (depth > MOST_DEPTH) throw new Error(`arrays are nested more than ${MOST_DEPTH} deep`);
      if (entity instanceof hdf5.Group) return structOf(entity, (member) => arrayOf(member, depth + 1));
      if (!(entity instanceof hdf5.Dataset)) return { kind: 'unsupported', classNumber: 0 };
      return valuesOf(entity, (reference) => arrayOf(entity.dereference(reference), depth + 1));
    };
    const names = opened.keys().filter((name) => !name.startsWith('#')); // #refs#, #subsystem#
    return new Map(names.map((name) => [name, arrayOf(opened.get(name), 0)]));
  } catch (error) {
    throw new Error(innermost(messageOf(error)), { cause: error });
  } finally {
    file?.close();
  }
}

/** The last line of HDF5's stack of errors, which says what is wrong; other text as it is. */
function innermost(text: string): string {
  const causes = [...text.matchAll(/^ *#\d+: .*?\(\): (.*)$/gm)];
  return causes.at(-1)?.[1] ?? text;
}

/** A struct: one element, its members by name. */
function structOf(group: Group, arrayOf: (member: unknown) => MatArray): MatArray {
  const fields: MatStruct = new Map(group.keys().map((name) => [name, arrayOf(group.get(name))]));
  return { kind: 'struct', shape: [1, 1], elements: [fields] };
}

function valuesOf(dataset: Dataset, arrayOf: (reference: Reference) => MatArray): MatArray {
  const className = textAttribute(dataset, 'MATLAB_class');
  const shape = [...(dataset.shape ?? [])].reverse();
  const empty = 'MATLAB_empty' in dataset.attrs; // then the values are the dimensions
  const value = empty ? [] : dataset.value;
  if (className === 'char') return { kind: 'char', rows: rowsOf(numbers(value), shape) };
  if (isReferences(value)) return { kind: 'cell', shape, cells: value.map(arrayOf) };
  if (empty || ArrayBuffer.isView(value) || typeof value === 'number') {
    return { kind: 'numeric', shape: empty ? [0, 0] : shape, data: numbers(value) };
  }
  return { kind: 'unsupported', classNumber: 0 };
}

function textAttribute(dataset: Dataset, name: string): string | undefined {
  const value = dataset.attrs[name]?.value;
  return typeof value === 'string' ? value : undefined;
}

function isReferences(value: unknown): value is readonly Reference[] {
  const isReference = (one: unknown) => typeof one === 'object' && one !== null && 'ref_data' in one;
  return Array.isArray(value) && value.length > 0 && value.every(isReference);
}

/** 64-bit integers beyond 2^53 lose digits. */
function numbers(value: unknown): Float64Array {
  if (typeof value === 'number') return Float64Array.of(value);
  if (!ArrayBuffer.isView(value)) return new Float64Array();
  return Float64Array.from(value as unknown as ArrayLike<number | bigint>, Number);
}

/** Rows of a column-major matrix of UTF-16 codes. */
function rowsOf(codes: Float64Array, shape: readonly number[]): readonly string[] {
  const rowCount = codes.length === 0 ? 0 : (shape[0] ?? 0);
  return Array.from({ length: rowCount }, (_, row) => {
    let text = '';
    for (let k = row; k < codes.length; k += rowCount) text += String.fromCharCode(codes[k] as number);
    return text;
  });
}
