// Protobuf's wire format (https://protobuf.dev/programming-guides/encoding), field by field: what is changed in a file is
// changed, and every other byte, known to us or not, stays as it came.

/** One field of a message: its bytes as they lie there, and its value where that has a length. */
export interface WireField {
  readonly id: number;
  /** 0 varint, 1 eight bytes, 2 bytes with a length, 5 four bytes. */
  readonly type: number;
  /** With its tag. */
  readonly whole: Uint8Array;
  /** Without tag and length; of a varint its bytes. */
  readonly value: Uint8Array;
}

const BYTES = 2;

/** The fields of a message in their order. Throws Error where the bytes are no message. */
export function fieldsOf(message: Uint8Array): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1, k = 0; k < 10; k++, scale *= 128) {
      const byte = message[at++];
      if (byte === undefined) throw new Error('it ends in the middle of a number');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new Error('it holds a number of more than ten bytes');
  };
  while (at < message.length) {
    const from = at;
    const tag = varint();
    const type = tag % 8;
    let start = at;
    if (type === 0) varint();
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === BYTES) {
      const length = varint();
      start = at;
      at += length;
    } else throw new Error(`it holds a field of wire type ${type}`);
    if (at > message.length) throw new Error('it is cut off');
    fields.push({
      id: Math.floor(tag / 8),
      type,
      whole: message.subarray(from, at),
      value: message.subarray(start, at),
    });
  }
  return fields;
}

/** A field that holds bytes: a message, or a text. */
export function bytesField(id: number, value: Uint8Array): Uint8Array {
  return joined([varintBytes(id * 8 + BYTES), varintBytes(value.length), value]);
}

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

/** Parts, one behind the other. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A message with some of its fields made anew: `change` gives a field's new bytes, with its tag, or undefined to keep it. */
export function withFields(
  message: Uint8Array,
  change: (field: WireField) => Uint8Array | undefined,
): Uint8Array {
  let same = true;
  const parts = fieldsOf(message).map((field) => {
    const made = change(field);
    if (made) same = false;
    return made ?? field.whole;
  });
  return same ? message : joined(parts);
}
