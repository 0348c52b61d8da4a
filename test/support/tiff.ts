// Small TIFFs made in code: any tags, either byte order, classic or BigTIFF. Written from TIFF 6.0, without the code under test.
import { writeFile } from 'node:fs/promises';

export interface TiffPicture {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Bytes of the only strip or tile, as they lie in the file; none for a block that was never written. */
  readonly block?: Uint8Array;
  readonly samples?: number;
  readonly bits?: number;
  /** SHORT tags beside those of size and layout. */
  readonly shorts?: Readonly<Record<number, readonly number[]>>;
  readonly doubles?: Readonly<Record<number, readonly number[]>>;
  readonly ascii?: Readonly<Record<number, string>>;
  /** LONG tags, which win over those that are made here. */
  readonly longs?: Readonly<Record<number, readonly number[]>>;
}

export interface TiffOptions {
  readonly bigEndian?: boolean;
  readonly bigTiff?: boolean;
  /** Where the last directory says that the next one is; 0 for none. */
  readonly lastLink?: number;
}

const [ASCII, SHORT, LONG, DOUBLE] = [2, 3, 4, 12];

interface Field {
  readonly type: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** GeoKeys of a projected or geographic system, as the SHORTs of tag 34735. */
export function geoKeys(
  code: number,
  options: { geographic?: boolean; point?: boolean; others?: readonly number[][] } = {},
) {
  const { geographic = false, point = false, others = [] } = options;
  const keys = [
    [1024, geographic ? 2 : 1],
    [1025, point ? 2 : 1],
    [geographic ? 2048 : 3072, code],
    ...others,
  ];
  return [1, 1, 0, keys.length, ...keys.flatMap(([id = 0, value = 0]) => [id, 0, 1, value])];
}

/** North-up at `left`, `top`, so many units a pixel. */
export function placedAt(left: number, top: number, step: number): Record<number, readonly number[]> {
  return { 33550: [step, step, 0], 33922: [0, 0, 0, left, top, 0] };
}

/** The bytes of a file that holds these pictures, one directory each. */
export function tiffBytes(pictures: readonly TiffPicture[], options: TiffOptions = {}): Uint8Array {
  const little = !options.bigEndian;
  const big = options.bigTiff ?? false;
  const head = big ? 16 : 8;
  const out: Uint8Array[] = [new Uint8Array(head)];
  let at = head;
  const put = (bytes: Uint8Array) => {
    const start = at;
    out.push(bytes, new Uint8Array(bytes.length % 2));
    at += bytes.length + (bytes.length % 2);
    return start;
  };
  const directories = pictures.map((picture) => {
    const block = picture.block ?? new Uint8Array(0);
    const fields = fieldsOf(picture, block.length === 0 ? 0 : put(block), block.length, little);
    return [...fields].map(([tag, field]) => ({
      tag,
      field,
      offset: field.bytes.length > (big ? 8 : 4) ? put(field.bytes) : 0,
    }));
  });
  const [entryBytes, countBytes, linkBytes] = big ? [20, 8, 8] : [12, 2, 4];
  const starts: number[] = [];
  let next = at;
  for (const directory of directories) {
    starts.push(next);
    next += countBytes + directory.length * entryBytes + linkBytes;
  }
  for (const [k, directory] of directories.entries()) {
    const bytes = new Uint8Array(countBytes + directory.length * entryBytes + linkBytes);
    const view = new DataView(bytes.buffer);
    const offset = (where: number, value: number) =>
      big ? view.setBigUint64(where, BigInt(value), little) : view.setUint32(where, value, little);
    if (big) view.setBigUint64(0, BigInt(directory.length), little);
    else view.setUint16(0, directory.length, little);
    for (const [n, { tag, field, offset: where }] of directory.entries()) {
      const entry = countBytes + n * entryBytes;
      view.setUint16(entry, tag, little);
      view.setUint16(entry + 2, field.type, little);
      offset(entry + 4, field.count);
      if (where > 0) offset(entry + (big ? 12 : 8), where);
      else bytes.set(field.bytes, entry + (big ? 12 : 8));
    }
    offset(bytes.length - linkBytes, starts[k + 1] ?? options.lastLink ?? 0);
    out.push(bytes);
  }
  const whole = new Uint8Array(Buffer.concat(out));
  const view = new DataView(whole.buffer);
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, big ? 43 : 42, little);
  if (big) {
    view.setUint16(4, 8, little);
    view.setBigUint64(8, BigInt(starts[0] ?? 0), little);
  } else view.setUint32(4, starts[0] ?? 0, little);
  return whole;
}

export async function writeTiff(path: string, pictures: readonly TiffPicture[], options: TiffOptions = {}) {
  await writeFile(path, tiffBytes(pictures, options));
}

function fieldsOf(picture: TiffPicture, offset: number, length: number, little: boolean): Map<number, Field> {
  const { widthPx, heightPx, samples = 3, bits = 8 } = picture;
  const fields = new Map<number, Field>();
  const add = (tag: number, type: number, values: readonly number[]) => {
    const size = type === SHORT ? 2 : type === LONG ? 4 : 8;
    const bytes = new Uint8Array(values.length * size);
    const view = new DataView(bytes.buffer);
    for (const [k, value] of values.entries()) {
      if (type === SHORT) view.setUint16(2 * k, value, little);
      else if (type === LONG) view.setUint32(4 * k, value, little);
      else view.setFloat64(8 * k, value, little);
    }
    fields.set(tag, { type, count: values.length, bytes });
  };
  add(256, LONG, [widthPx]);
  add(257, LONG, [heightPx]);
  add(
    258,
    SHORT,
    Array.from({ length: samples }, () => bits),
  );
  add(259, SHORT, [1]);
  add(262, SHORT, [samples >= 3 ? 2 : 1]);
  add(273, LONG, [offset]);
  add(277, SHORT, [samples]);
  add(278, LONG, [heightPx]);
  add(279, LONG, [length]);
  for (const [tag, values] of Object.entries(picture.shorts ?? {})) add(Number(tag), SHORT, values);
  for (const [tag, values] of Object.entries(picture.doubles ?? {})) add(Number(tag), DOUBLE, values);
  for (const [tag, values] of Object.entries(picture.longs ?? {})) add(Number(tag), LONG, values);
  for (const [tag, text] of Object.entries(picture.ascii ?? {})) {
    const bytes = new TextEncoder().encode(`${text}\0`);
    fields.set(Number(tag), { type: ASCII, count: bytes.length, bytes });
  }
  return new Map([...fields].sort(([a], [b]) => a - b));
}
