// TIFF's LZW (TIFF 6.0, section 13) and PackBits (section 9), into a buffer of a known size.

const CLEAR = 256;
const END = 257;
const MOST_CODES = 4096;

/** As much of `most` bytes as the data give. Throws on codes that no encoder writes, and where the data end too early. */
export function unlzw(data: Uint8Array, most: number): Uint8Array<ArrayBuffer> {
  if (data[0] === 0 && ((data[1] ?? 0) & 1) === 1)
    throw new Error('its LZW is of the kind from before TIFF 5');
  const out = new Uint8Array(most);
  // A string is its end in `out` and its length: each code's string was written there when the code was made.
  const starts = new Int32Array(MOST_CODES);
  const lengths = new Int32Array(MOST_CODES);
  let next = 258;
  let bits = 9;
  let held = 0;
  let heldBits = 0;
  let at = 0;
  let written = 0;
  let before = -1; // where the last string stands; -1 after a clear
  let beforeLength = 0;
  while (written < most) {
    while (heldBits < bits) {
      if (at >= data.length) throw new Error('its LZW data end too early');
      held = ((held << 8) | (data[at++] as number)) & 0xffffff;
      heldBits += 8;
    }
    const code = (held >>> (heldBits - bits)) & ((1 << bits) - 1);
    heldBits -= bits;
    if (code === END) break;
    if (code === CLEAR) {
      next = 258;
      bits = 9;
      before = -1;
      continue;
    }
    if (before >= 0 && next < MOST_CODES) {
      // The new string is the last one and the byte that follows it in `out`: this one's first.
      starts[next] = before;
      lengths[next] = beforeLength + 1;
      next++;
    }
    if (code >= next || (before < 0 && code > 255))
      throw new Error(`its LZW data hold the code ${code} too early`);
    const length = code < 256 ? 1 : (lengths[code] as number);
    const start = written;
    if (code < 256) out[written++] = code;
    else {
      let from = starts[code] as number;
      for (let k = 0; k < length && written < most; k++) out[written++] = out[from++] as number;
    }
    before = start;
    beforeLength = length;
    // Codes grow one entry early, as every TIFF encoder does.
    if (next + 1 >= 1 << bits && bits < 12) bits++;
  }
  return written === most ? out : out.slice(0, written);
}

/** As much of `most` bytes as the data give. */
export function unpackBits(data: Uint8Array, most: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(most);
  let written = 0;
  let at = 0;
  while (at < data.length && written < most) {
    const head = data[at++] as number;
    if (head === 128) continue;
    const count = Math.min(head < 128 ? head + 1 : 257 - head, most - written);
    if (at + (head < 128 ? count : 1) > data.length) throw new Error('its PackBits data end too early');
    if (head < 128) {
      out.set(data.subarray(at, at + count), written);
      at += head + 1;
    } else out.fill(data[at++] as number, written, written + count);
    written += count;
  }
  return written === most ? out : out.slice(0, written);
}
