// The types of numbers that files of weights hold, as safetensors names them, read as float32.

/** The types that are read: the bytes of one value, and how it is read. */
export const ELEMENT_TYPES = {
  F64: { bytes: 8, read: (part: Buffer, at: number) => part.readDoubleLE(at) },
  F32: { bytes: 4, read: (part: Buffer, at: number) => part.readFloatLE(at) },
  F16: { bytes: 2, read: (part: Buffer, at: number) => halfToFloat(part.readUInt16LE(at)) },
  BF16: { bytes: 2, read: (part: Buffer, at: number) => bitsToFloat(part.readUInt16LE(at) << 16) },
  I64: { bytes: 8, read: (part: Buffer, at: number) => Number(part.readBigInt64LE(at)) },
  I32: { bytes: 4, read: (part: Buffer, at: number) => part.readInt32LE(at) },
  I16: { bytes: 2, read: (part: Buffer, at: number) => part.readInt16LE(at) },
  I8: { bytes: 1, read: (part: Buffer, at: number) => part.readInt8(at) },
  U8: { bytes: 1, read: (part: Buffer, at: number) => part.readUInt8(at) },
  BOOL: { bytes: 1, read: (part: Buffer, at: number) => part.readUInt8(at) },
} as const;

export type ElementType = keyof typeof ELEMENT_TYPES;

export const isElementType = (name: string): name is ElementType => Object.hasOwn(ELEMENT_TYPES, name);

/** The values of little-endian bytes. */
export function toFloat32(type: ElementType, bytes: Uint8Array): Float32Array {
  if (type === 'F32') return new Float32Array(Uint8Array.from(bytes).buffer);
  const part = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { bytes: size, read } = ELEMENT_TYPES[type];
  return Float32Array.from({ length: part.length / size }, (_, i) => read(part, size * i));
}

const scratch = new DataView(new ArrayBuffer(4));

function bitsToFloat(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}

function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
