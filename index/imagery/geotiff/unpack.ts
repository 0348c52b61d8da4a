// The bytes of a decoded block as numbers: predictor undone, byte order of the file, any number of bits.
import type { Layout } from './layout.js';

export type Samples =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** Decoded samples: as the file's bytes, or already as numbers in this machine's order. */
export interface DecodedBlock {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The bytes are in this machine's order whatever the file's is. */
  readonly native: boolean;
  /** 0 where the codec itself says that there is no value; a value a pixel. */
  readonly valid?: Uint8Array | undefined;
}

const MACHINE_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Room for numbers of a layout's samples. */
export function samplesFor({ bits, type }: Layout, length: number): Samples {
  if (type === 'float') return bits === 64 ? new Float64Array(length) : new Float32Array(length);
  if (type === 'int') {
    return bits === 8 ? new Int8Array(length) : bits === 16 ? new Int16Array(length) : new Int32Array(length);
  }
  return bits <= 8 ? new Uint8Array(length) : bits <= 16 ? new Uint16Array(length) : new Uint32Array(length);
}

/**
 * rows x blockWidthPx x `channels` numbers of decoded bytes, which are changed on the way. `native`: they are in this machine's
 * order already.
 */
export function unpackSamples(
  layout: Layout,
  bytes: Uint8Array<ArrayBuffer>,
  rows: number,
  channels: number,
  native: boolean,
): Samples {
  const { bits, type, predictor, blockWidthPx: width } = layout;
  const count = rows * width * channels;
  if (type === 'uint' && bits % 8 !== 0) return unpackBitFields(layout, bytes, rows, channels);
  const size = bits / 8;
  const own = bytes.byteOffset % size === 0 ? bytes : bytes.slice();
  const row = width * channels * size;
  if (predictor === 3) undoFloatPredictor(own, rows, row, channels, size);
  else if (!native && layout.directory.file.littleEndian !== MACHINE_LITTLE)
    swapBytes(own, count * size, size);
  if (predictor === 2) undoDifferences(own, rows, row, channels, size);
  if (type === 'float' && bits === 16) return fromHalf(own, count);
  const room = samplesFor(layout, 0).constructor as new (
    b: ArrayBuffer,
    at: number,
    length: number,
  ) => Samples;
  return new room(own.buffer, own.byteOffset, count);
}

/** Fields of 1 to 15 bits, the first in the highest bits whatever the byte order; each row begins with a new byte. */
function unpackBitFields(layout: Layout, bytes: Uint8Array, rows: number, channels: number): Samples {
  const { bits, blockWidthPx } = layout;
  const perRow = blockWidthPx * channels;
  const rowBytes = Math.ceil((perRow * bits) / 8);
  const out = samplesFor(layout, rows * perRow);
  const mask = (1 << bits) - 1;
  for (let y = 0, k = 0; y < rows; y++) {
    let at = y * rowBytes;
    let held = 0;
    let heldBits = 0;
    for (let n = 0; n < perRow; n++, k++) {
      while (heldBits < bits) {
        held = ((held << 8) | (bytes[at++] ?? 0)) & 0xffffff;
        heldBits += 8;
      }
      out[k] = (held >>> (heldBits - bits)) & mask;
      heldBits -= bits;
    }
  }
  return out;
}

function swapBytes(bytes: Uint8Array, length: number, size: number): void {
  if (size === 1) return;
  for (let k = 0; k + size <= length; k += size) bytes.subarray(k, k + size).reverse();
}

/** Predictor 2 (TIFF 6.0, section 14): each sample is the difference from the one before it in its row and channel. */
function undoDifferences(
  bytes: Uint8Array<ArrayBuffer>,
  rows: number,
  row: number,
  channels: number,
  size: number,
) {
  const at = bytes.byteOffset / size;
  const length = (rows * row) / size;
  if (size === 8) {
    const wide = new BigUint64Array(bytes.buffer, bytes.byteOffset, length);
    for (let k = 0; k < length; k++) {
      if (k % (row / size) >= channels) wide[k] = (wide[k] as bigint) + (wide[k - channels] as bigint);
    }
    return;
  }
  const all = new (size === 1 ? Uint8Array : size === 2 ? Uint16Array : Uint32Array)(bytes.buffer);
  const perRow = row / size;
  for (let y = 0; y < rows; y++) {
    const start = at + y * perRow;
    for (let k = start + channels; k < start + perRow; k++)
      all[k] = (all[k] as number) + (all[k - channels] as number);
  }
}

/** Predictor 3 (Adobe technical note 3): rows of all first bytes, all second bytes, ..., highest first, as byte differences. */
function undoFloatPredictor(
  bytes: Uint8Array,
  rows: number,
  row: number,
  channels: number,
  size: number,
): void {
  const values = row / size;
  const copy = new Uint8Array(row);
  for (let y = 0; y < rows; y++) {
    const line = bytes.subarray(y * row, (y + 1) * row);
    for (let k = channels; k < row; k++) line[k] = (line[k] as number) + (line[k - channels] as number);
    copy.set(line);
    for (let v = 0; v < values; v++) {
      for (let b = 0; b < size; b++) {
        line[v * size + (MACHINE_LITTLE ? size - 1 - b : b)] = copy[b * values + v] as number;
      }
    }
  }
}

/** IEEE 754 binary16, in this machine's order. */
function fromHalf(bytes: Uint8Array<ArrayBuffer>, count: number): Float32Array<ArrayBuffer> {
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, count);
  return Float32Array.from(halves, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  });
}
