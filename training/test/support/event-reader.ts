// A second implementation of TensorBoard's event files for tests: the wire format of protocol buffers read by hand,
// CRC-32C bit by bit, and what TensorBoard does with a START mark.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ReadEvent {
  readonly wallTime: number;
  readonly step: number;
  readonly fileVersion?: string;
  readonly restart?: boolean;
  readonly values: readonly { tag: string; scalar?: number; image?: { size: number[]; png: Buffer } }[];
}

function crcBitByBit(bytes: Uint8Array): number {
  let remainder = 0xffffffffn;
  for (const byte of bytes) {
    remainder ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder & 1n ? (remainder >> 1n) ^ 0x82f63b78n : remainder >> 1n;
  }
  const crc = remainder ^ 0xffffffffn;
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

/** The data of every record; a cut-off last one ends the file, as a kill leaves it. */
function records(file: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 12 <= file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    assert.equal(file.readUInt32LE(at + 8), crcBitByBit(file.subarray(at, at + 8)), 'checksum of the length');
    if (at + 16 + length > file.length) break;
    const data = file.subarray(at + 12, at + 12 + length);
    assert.equal(file.readUInt32LE(at + 12 + length), crcBitByBit(data), 'checksum of the data');
    found.push(data);
    at += 16 + length;
  }
  return found;
}

/** Fields of a message in their order: number, and a number or bytes by wire type. */
function fields(message: Buffer): { id: number; number: number; bytes: Buffer }[] {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  const none = Buffer.alloc(0);
  const found = [];
  while (at < message.length) {
    const key = varint();
    const [id, type] = [Math.floor(key / 8), key % 8];
    if (type === 0) {
      found.push({ id, number: varint(), bytes: none });
      continue;
    }
    assert.ok(type === 1 || type === 2 || type === 5, `wire type ${type}`);
    const length = type === 2 ? varint() : type === 1 ? 8 : 4;
    const bytes = message.subarray(at, at + length);
    const number = type === 1 ? bytes.readDoubleLE() : type === 5 ? bytes.readFloatLE() : length;
    found.push({ id, number, bytes });
    at += length;
  }
  return found;
}

function readEvent(data: Buffer): ReadEvent {
  const event = fields(data);
  const find = (id: number) => event.find((field) => field.id === id);
  const values = fields(find(5)?.bytes ?? Buffer.alloc(0)).map(({ bytes }) => {
    const value = fields(bytes);
    const image = value.find(({ id }) => id === 4);
    const parts = image && fields(image.bytes);
    const scalar = value.find(({ id }) => id === 2)?.number;
    return {
      tag: value.find(({ id }) => id === 1)?.bytes.toString() ?? '',
      ...(scalar !== undefined && { scalar }),
      ...(parts && {
        image: {
          size: [1, 2, 3].map((part) => parts.find(({ id }) => id === part)?.number ?? 0),
          png: parts.find(({ id }) => id === 4)?.bytes ?? Buffer.alloc(0),
        },
      }),
    };
  });
  const session = find(7);
  const version = find(3);
  return {
    wallTime: find(1)?.number ?? 0,
    step: find(2)?.number ?? 0,
    ...(version && { fileVersion: version.bytes.toString() }),
    ...(session && { restart: fields(session.bytes)[0]?.number === 1 }),
    values,
  };
}

/** The events of a file. */
export function readEventFile(path: string): ReadEvent[] {
  return records(readFileSync(path)).map(readEvent);
}

/** The events of a folder as TensorBoard keeps them: files by name, a START mark drops its step and later ones. */
export function readEventFolder(folder: string): ReadEvent[] {
  let kept: ReadEvent[] = [];
  for (const name of readdirSync(folder).sort()) {
    for (const event of readEventFile(join(folder, name))) {
      if (event.restart) kept = kept.filter(({ step }) => step < event.step);
      else if (event.values.length > 0) kept.push(event);
    }
  }
  return kept;
}
