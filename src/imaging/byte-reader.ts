// Numbers out of untrusted bytes. What lies outside of them is NaN: every comparison with it is false, so that a loop
// whose condition reads "goes on while" ends, and no offset of a file can lead out of the file.

export class ByteReader {
  readonly bytes: Uint8Array;
  readonly littleEndian: boolean;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, littleEndian = false) {
    this.bytes = bytes;
    this.littleEndian = littleEndian;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  /** True where all `count` bytes from `at` are there. */
  holds(at: number, count: number): boolean {
    return at >= 0 && count >= 0 && at + count <= this.length;
  }

  u8(at: number): number {
    return this.holds(at, 1) ? this.#view.getUint8(at) : Number.NaN;
  }

  u16(at: number): number {
    return this.holds(at, 2) ? this.#view.getUint16(at, this.littleEndian) : Number.NaN;
  }

  u24(at: number): number {
    const [a, b, c] = [this.u8(at), this.u8(at + 1), this.u8(at + 2)];
    return this.littleEndian ? a + b * 256 + c * 65536 : c + b * 256 + a * 65536;
  }

  u32(at: number): number {
    return this.holds(at, 4) ? this.#view.getUint32(at, this.littleEndian) : Number.NaN;
  }

  i32(at: number): number {
    return this.holds(at, 4) ? this.#view.getInt32(at, this.littleEndian) : Number.NaN;
  }

  /** Exact up to 2^53; larger ones lead outside of any file anyway. */
  u64(at: number): number {
    const [high, low] = this.littleEndian
      ? [this.u32(at + 4), this.u32(at)]
      : [this.u32(at), this.u32(at + 4)];
    return high * 2 ** 32 + low;
  }

  f32(at: number): number {
    return this.holds(at, 4) ? this.#view.getFloat32(at, this.littleEndian) : Number.NaN;
  }

  f64(at: number): number {
    return this.holds(at, 8) ? this.#view.getFloat64(at, this.littleEndian) : Number.NaN;
  }

  /** Latin-1 text of these bytes; empty where they are not all there. */
  text(at: number, count: number): string {
    return Buffer.from(this.slice(at, count)).toString('latin1');
  }

  /** The bytes from `at`, without a copy; empty where they are not all there. */
  slice(at: number, count: number): Uint8Array {
    return this.holds(at, count) ? this.bytes.subarray(at, at + count) : new Uint8Array(0);
  }
}
