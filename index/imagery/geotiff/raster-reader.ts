// Windows of samples out of the blocks of one directory. Blocks are kept as long as a budget of bytes holds them.
import { messageOf } from '../../../src/errors/index.js';
import { refused, unusable } from '../port/index.js';
import { decodeBlock } from './codecs.js';
import { blockBytesOf, type Layout, TAG } from './layout.js';
import { type Samples, samplesFor, unpackSamples } from './unpack.js';

/** An uncompressed strip is read in pieces of about this size. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** Decoded pixels of a rectangle. */
export interface SampleWindow {
  readonly widthPx: number;
  readonly heightPx: number;
  /** [heightPx, widthPx, channels] */
  readonly samples: Samples;
  /** 1 where the file holds a value, a value a pixel; 0 in blocks that were never written. */
  readonly present: Uint8Array;
}

interface Block {
  /** Null for one that was never written. */
  readonly samples: Samples | null;
  readonly valid?: Uint8Array | undefined;
  readonly rows: number;
  readonly bytes: number;
}

/** Keeps blocks of several readers within one budget, those used last. */
export class BlockBudget {
  readonly #limitBytes: number;
  readonly #blocks = new Map<string, { block: Promise<Block>; bytes: number }>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get(key: string, read: () => Promise<Block>): Promise<Block> {
    const known = this.#blocks.get(key);
    if (known) {
      this.#blocks.delete(key);
      this.#blocks.set(key, known);
      return known.block;
    }
    const entry = { block: read(), bytes: 0 };
    this.#blocks.set(key, entry);
    entry.block.then(
      ({ bytes }) => {
        if (this.#blocks.get(key) !== entry) return;
        entry.bytes = bytes;
        this.#bytes += bytes;
        this.#shrink();
      },
      () => this.#blocks.delete(key),
    );
    return entry.block;
  }

  #shrink(): void {
    for (const [key, { bytes }] of this.#blocks) {
      if (this.#bytes <= this.#limitBytes || this.#blocks.size === 1) return;
      this.#blocks.delete(key);
      this.#bytes -= bytes;
    }
  }
}

export class RasterReader {
  readonly layout: Layout;
  readonly #budget: BlockBudget;
  readonly #name: string;
  readonly #channels: readonly number[];
  /** Rows of a block as it is read: the file's, or a piece of an uncompressed strip. */
  readonly #rows: number;
  #ranges: Promise<{ offsets: Float64Array; counts: Float64Array }> | undefined;

  /** Reads the named samples (all of them, in order, where they lie interleaved). */
  constructor(layout: Layout, channels: readonly number[], budget: BlockBudget, name: string) {
    this.layout = layout;
    this.#channels = channels;
    this.#budget = budget;
    this.#name = name;
    const rowBytes = blockBytesOf(layout, 1);
    const pieces = layout.codec === 'none' && !layout.tiled;
    const rows = pieces ? Math.max(1, Math.floor(PIECE_BYTES / rowBytes)) : layout.blockHeightPx;
    this.#rows = Math.min(layout.blockHeightPx, rows);
  }

  /** Throws IMAGERY_INVALID where the file ends before one of its blocks does: half a download is no imagery. */
  async checkWhole(): Promise<void> {
    const { offsets, counts } = await this.#rangesOf();
    const { path, directory } = this.layout;
    for (let k = 0; k < offsets.length; k++) {
      const end = (offsets[k] ?? 0) + (counts[k] ?? 0);
      if (end <= directory.file.sizeBytes) continue;
      throw unusable(
        path,
        `it ends at byte ${directory.file.sizeBytes} but its block ${k} at ${end}; the file is cut off`,
      );
    }
  }

  /** A rectangle inside of the picture. Throws IMAGERY_INVALID where its blocks are damaged or missing. */
  async window(left: number, top: number, widthPx: number, heightPx: number): Promise<SampleWindow> {
    const { blockWidthPx } = this.layout;
    const channels = this.#channels.length;
    const samples = samplesFor(this.layout, widthPx * heightPx * channels);
    const present = new Uint8Array(widthPx * heightPx);
    const target = { left, top, widthPx, heightPx, samples, present };
    for (let y = top; y < top + heightPx; ) {
      const strip = this.#stripAt(y);
      for (let bx = Math.floor(left / blockWidthPx); bx * blockWidthPx < left + widthPx; bx++) {
        await this.#copyBlocks(bx, strip, target);
      }
      y = strip.top + strip.rows;
    }
    return { widthPx, heightPx, samples, present };
  }

  /** The row of blocks, or the piece of a strip, that holds row y. */
  #stripAt(y: number) {
    const { blockHeightPx, heightPx } = this.layout;
    const by = Math.floor(y / blockHeightPx);
    const piece = Math.floor((y - by * blockHeightPx) / this.#rows);
    const top = by * blockHeightPx + piece * this.#rows;
    const end = Math.min((by + 1) * blockHeightPx, top + this.#rows);
    return { by, piece, top, rows: this.layout.tiled ? end - top : Math.min(end, heightPx) - top };
  }

  async #copyBlocks(bx: number, strip: Strip, target: Target): Promise<void> {
    const { planar, samples: all } = this.layout;
    const channels = this.#channels.length;
    if (!planar) {
      const block = await this.#block(bx, strip, 0);
      this.#copy(block, bx, strip, target, this.#channels, all, channels, 0);
      return;
    }
    for (let c = 0; c < channels; c++) {
      const block = await this.#block(bx, strip, this.#channels[c] ?? 0);
      this.#copy(block, bx, strip, target, [0], 1, channels, c);
    }
  }

  #copy(
    block: Block,
    bx: number,
    strip: Strip,
    target: Target,
    from: readonly number[],
    stride: number,
    channels: number,
    first: number,
  ): void {
    const { blockWidthPx: width } = this.layout;
    if (!block.samples) return;
    const x0 = Math.max(bx * width, target.left);
    const x1 = Math.min((bx + 1) * width, target.left + target.widthPx);
    const y0 = Math.max(strip.top, target.top);
    const y1 = Math.min(strip.top + block.rows, target.top + target.heightPx);
    for (let y = y0; y < y1; y++) {
      let k = (y - strip.top) * width + (x0 - bx * width);
      let pixel = (y - target.top) * target.widthPx + (x0 - target.left);
      for (let x = x0; x < x1; x++, k++, pixel++) {
        for (let c = 0; c < from.length; c++) {
          target.samples[pixel * channels + first + c] = block.samples[
            k * stride + (from[c] as number)
          ] as number;
        }
        if (!block.valid || block.valid[k] === 1) target.present[pixel] = 1;
      }
    }
  }

  #block(bx: number, strip: Strip, plane: number): Promise<Block> {
    const key = `${this.#name}/${bx},${strip.by},${strip.piece},${plane}`;
    return this.#budget.get(key, () => this.#read(bx, strip, plane));
  }

  async #read(bx: number, strip: Strip, plane: number): Promise<Block> {
    const { layout } = this;
    const { path, blockWidthPx, blockHeightPx, planar, widthPx, heightPx } = layout;
    const across = Math.ceil(widthPx / blockWidthPx);
    const down = Math.ceil(heightPx / blockHeightPx);
    const number = (planar ? plane * across * down : 0) + strip.by * across + bx;
    const { offsets, counts } = await this.#rangesOf();
    const offset = offsets[number];
    if (offset === undefined)
      throw unusable(path, `it names ${offsets.length} blocks; block ${number} has none`);
    const least = blockBytesOf(layout, strip.rows);
    const most = blockBytesOf(layout, blockHeightPx);
    const count = counts[number] ?? (layout.codec === 'none' ? most : 0);
    if (count === 0 || offset === 0) return { samples: null, rows: strip.rows, bytes: 64 };
    const skip = strip.piece * this.#rows * blockBytesOf(layout, 1);
    const length = layout.codec === 'none' ? Math.min(count - skip, least) : count;
    if (length < 0 || length > 2 * most + 65536) {
      throw unusable(path, `its block ${number} claims ${count} bytes; the file is damaged`);
    }
    const raw = await layout.directory.file.bytes(offset + skip, length);
    try {
      const decoded = await decodeBlock(layout, raw, strip.rows, least, most);
      const channels = planar ? 1 : layout.samples;
      const samples = unpackSamples(layout, decoded.bytes, strip.rows, channels, decoded.native);
      return { samples, valid: decoded.valid, rows: strip.rows, bytes: samples.buffer.byteLength };
    } catch (error) {
      const place = `${bx * blockWidthPx},${strip.top}`;
      throw unusable(
        path,
        `pixels at ${place} cannot be read (${messageOf(error)}); the file is damaged`,
        error,
      );
    }
  }

  #rangesOf() {
    this.#ranges ??= this.#readRanges();
    return this.#ranges;
  }

  async #readRanges() {
    const { directory, tiled, path, codec } = this.layout;
    const offsets = await directory.numbers(tiled ? TAG.tileOffsets : TAG.stripOffsets);
    const counts = await directory.numbers(tiled ? TAG.tileByteCounts : TAG.stripByteCounts);
    if (counts.length === 0 && codec !== 'none')
      throw refused(path, 'it does not say how long its blocks are');
    return { offsets, counts };
  }
}

interface Strip {
  readonly by: number;
  readonly piece: number;
  readonly top: number;
  readonly rows: number;
}

interface Target {
  readonly left: number;
  readonly top: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly samples: Samples;
  readonly present: Uint8Array;
}
