// TensorBoard's event files, as much of the format as a run needs: scalars, PNG images, and the mark that a stage goes
// on from a step. Records are framed as TFRecord (tensorflow/core/lib/io/record_writer.h) around Event messages
// (tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto).
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { asDiskError } from 'skyfix/errors';
import { crc32c } from './crc32c.js';

const field = (type: string, id: number, rule?: 'repeated') => (rule ? { type, id, rule } : { type, id });

const schema = protobuf.Root.fromJSON({
  nested: {
    SessionLog: { fields: { status: field('int32', 1) } },
    Image: {
      fields: {
        height: field('int32', 1),
        width: field('int32', 2),
        colorspace: field('int32', 3),
        encodedImageString: field('bytes', 4),
      },
    },
    Value: { fields: { tag: field('string', 1), simpleValue: field('float', 2), image: field('Image', 4) } },
    Summary: { fields: { value: field('Value', 1, 'repeated') } },
    Event: {
      fields: {
        wallTime: field('double', 1),
        step: field('int64', 2),
        fileVersion: field('string', 3),
        summary: field('Summary', 5),
        sessionLog: field('SessionLog', 7),
      },
    },
  },
});
const eventType = schema.lookupType('Event');

/** From this version on a START mark, and not a step that goes back, tells that a run was continued. */
const FILE_VERSION = 'brain.Event:2';
const SESSION_START = 1;
const COLOURSPACE_RGB = 3;

/** One events file, begun by one process. Everything written is with the operating system when a call returns. */
export class EventFile {
  readonly path: string;
  readonly #file: number;
  readonly #now: () => number;

  /**
   * Begins a new file in `folder`. TensorBoard reads the files of a folder in the order of their names, which begin
   * with the second of their start; a start within the same second as the last one takes the next second.
   */
  constructor(folder: string, now: () => number = Date.now) {
    mkdirSync(folder, { recursive: true });
    const begun = readdirSync(folder).map((name) =>
      Number(/^events\.out\.tfevents\.(\d+)\./.exec(name)?.[1] ?? 0),
    );
    const second = Math.max(Math.floor(now() / 1000), ...begun.map((earlier) => earlier + 1));
    const name = `events.out.tfevents.${String(second).padStart(10, '0')}.skyfix.${process.pid}`;
    this.path = join(folder, name);
    this.#now = now;
    this.#file = openSync(this.path, 'ax');
    this.#write({ fileVersion: FILE_VERSION });
    // TensorBoard takes a folder's first START for the start of the run, and only those after it for restarts.
    if (begun.length === 0) this.restartAt(0);
  }

  /** TensorBoard forgets what earlier files of the folder say of `step` and the steps after it. */
  restartAt(step: number): void {
    this.#write({ step, sessionLog: { status: SESSION_START } });
  }

  scalars(step: number, values: Readonly<Record<string, number>>): void {
    const value = Object.entries(values).map(([tag, simpleValue]) => ({ tag, simpleValue }));
    this.#write({ step, summary: { value } });
  }

  image(step: number, tag: string, widthPx: number, heightPx: number, png: Uint8Array): void {
    const image = { height: heightPx, width: widthPx, colorspace: COLOURSPACE_RGB, encodedImageString: png };
    this.#write({ step, summary: { value: [{ tag, image }] } });
  }

  /** Onto the disk. */
  sync(): void {
    fsyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(event: Readonly<Record<string, unknown>>): void {
    const message = eventType.fromObject({ wallTime: this.#now() / 1000, ...event });
    try {
      writeFileSync(this.#file, frame(eventType.encode(message).finish()));
    } catch (error) {
      throw asDiskError(error, this.path);
    }
  }
}

/** uint64 length, masked CRC of the length, data, masked CRC of the data; all little-endian. */
function frame(data: Uint8Array): Buffer {
  const record = Buffer.alloc(8 + 4 + data.length + 4);
  record.writeBigUInt64LE(BigInt(data.length));
  record.writeUInt32LE(maskedCrc(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc(data), 12 + data.length);
  return record;
}

/** TFRecord's mask: turned right by 15 bits, plus a constant. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
