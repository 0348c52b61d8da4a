// Writes MAT-files of level 5 for tests, as the format's description has them; strings, numbers, cells and structs.
import { deflateSync } from 'node:zlib';

/** A number matrix by rows, a character matrix by rows, a cell row vector, or one struct. */
export type MatFixture =
  | { readonly numbers: readonly (readonly number[])[] }
  | { readonly chars: readonly string[] }
  | { readonly cells: readonly MatFixture[] }
  | { readonly fields: Readonly<Record<string, MatFixture>> };

export interface MatLayout {
  readonly compressed: boolean;
  readonly bigEndian: boolean;
}

/** The bytes of a MAT-file with these variables. */
export function matFile(variables: Readonly<Record<string, MatFixture>>, layout: MatLayout): Buffer {
  const header = Buffer.alloc(128, ' ');
  header.write('MATLAB 5.0 MAT-file, written by a test');
  header.fill(0, 116, 124);
  writeWord(header, 124, 0x0100, 2, layout.bigEndian);
  writeWord(header, 126, 0x4d49, 2, layout.bigEndian);
  const parts = Object.entries(variables).map(([name, value]) => {
    const matrix = matrixOf(name, value, layout.bigEndian);
    if (!layout.compressed) return matrix;
    const packed = deflateSync(matrix);
    return Buffer.concat([tag(15, packed.length, layout.bigEndian), packed]);
  });
  return Buffer.concat([header, ...parts]);
}

function writeWord(out: Buffer, at: number, value: number, bytes: number, bigEndian: boolean): void {
  if (bigEndian) out.writeUIntBE(value, at, bytes);
  else out.writeUIntLE(value, at, bytes);
}

function tag(type: number, length: number, bigEndian: boolean): Buffer {
  const out = Buffer.alloc(8);
  writeWord(out, 0, type, 4, bigEndian);
  writeWord(out, 4, length, 4, bigEndian);
  return out;
}

/** A data element: small where its bytes fit into the tag, padded to 8 bytes otherwise. */
function element(type: number, data: Buffer, bigEndian: boolean): Buffer {
  if (data.length > 0 && data.length <= 4) {
    const out = Buffer.alloc(8);
    writeWord(out, 0, data.length * 65536 + type, 4, bigEndian);
    data.copy(out, 4);
    return out;
  }
  const padding = Buffer.alloc((8 - (data.length % 8)) % 8);
  return Buffer.concat([tag(type, data.length, bigEndian), data, padding]);
}

function words(values: readonly number[], bytes: 2 | 4, bigEndian: boolean): Buffer {
  const out = Buffer.alloc(values.length * bytes);
  values.forEach((value, k) => {
    writeWord(out, k * bytes, value, bytes, bigEndian);
  });
  return out;
}

function matrixOf(name: string, value: MatFixture, bigEndian: boolean): Buffer {
  const { classNumber, shape, data } = contentOf(value, bigEndian);
  const parts = [
    element(6, words([classNumber, 0], 4, bigEndian), bigEndian),
    element(5, words(shape, 4, bigEndian), bigEndian),
    element(1, Buffer.from(name), bigEndian),
    ...data,
  ];
  return element(14, Buffer.concat(parts), bigEndian);
}

function contentOf(
  value: MatFixture,
  bigEndian: boolean,
): { classNumber: number; shape: readonly number[]; data: Buffer[] } {
  if ('numbers' in value) {
    const shape = [value.numbers.length, value.numbers[0]?.length ?? 0] as const;
    const out = Buffer.alloc(shape[0] * shape[1] * 8);
    value.numbers.forEach((row, i) => {
      row.forEach((number, j) => {
        const at = (j * shape[0] + i) * 8;
        if (bigEndian) out.writeDoubleBE(number, at);
        else out.writeDoubleLE(number, at);
      });
    });
    return { classNumber: 6, shape, data: [element(9, out, bigEndian)] };
  }
  if ('chars' in value) {
    const [rows, columns] = [value.chars.length, value.chars[0]?.length ?? 0];
    const codes = Array.from({ length: rows * columns }, (_, k) =>
      (value.chars[k % rows] as string).charCodeAt(Math.floor(k / rows)),
    );
    return {
      classNumber: 4,
      shape: [rows, columns],
      data: [element(4, words(codes, 2, bigEndian), bigEndian)],
    };
  }
  if ('cells' in value) {
    const data = value.cells.map((cell) => matrixOf('', cell, bigEndian));
    return { classNumber: 1, shape: [1, value.cells.length], data };
  }
  const names = Buffer.alloc(Object.keys(value.fields).length * 32);
  Object.keys(value.fields).forEach((name, k) => {
    names.write(name, k * 32);
  });
  const data = [
    element(5, words([32], 4, bigEndian), bigEndian),
    element(1, names, bigEndian),
    ...Object.values(value.fields).map((field) => matrixOf('', field, bigEndian)),
  ];
  return { classNumber: 2, shape: [1, 1], data };
}
