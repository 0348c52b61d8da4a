// JPEG in TIFF (Adobe technical note 2): abbreviated streams that share their tables.
import { getDecoder } from 'geotiff';
import { checkJpeg } from '../../../src/imaging/index.js';
import { type Layout, TAG } from './layout.js';

const decoders = new WeakMap<Layout, Promise<{ decode(bytes: ArrayBuffer): Promise<ArrayBufferLike> }>>();

/**
 * The samples of a block as the stream has them (YCbCr stays YCbCr). The stream is first decoded by libjpeg, whose warnings tell
 * what is damaged; the samples are the geotiff package's, which other versions of this index were made with.
 */
export async function jpegSamples(
  layout: Layout,
  raw: Uint8Array<ArrayBuffer>,
  rows: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const samples = layout.planar ? 1 : layout.samples;
  const frame = frameOf(raw);
  if (frame.precision !== 8) throw new Error(`its JPEG samples have ${frame.precision} bits, not 8`);
  const fits =
    frame.widthPx === layout.blockWidthPx && frame.heightPx >= rows && frame.heightPx <= layout.blockHeightPx;
  if (!fits || frame.components !== samples) {
    throw new Error(
      `its JPEG block is ${frame.widthPx} x ${frame.heightPx} pixels of ${frame.components} samples`,
    );
  }
  const tables = await layout.directory.rawBytes(TAG.jpegTables);
  await checkJpeg(wholeStream(tables, raw));
  let decoder = decoders.get(layout);
  if (!decoder) {
    decoder = getDecoder(7, {
      ...(tables.length > 0 && { JPEGTables: tables }),
      predictor: 1,
    } as never) as never;
    decoders.set(layout, decoder);
  }
  const decoded = await (await decoder).decode(raw.slice().buffer);
  return new Uint8Array(decoded as ArrayBuffer);
}

/** Tables (SOI ... EOI) and image (SOI ... EOI) as one stream. */
function wholeStream(tables: Uint8Array, image: Uint8Array): Uint8Array {
  if (tables.length < 4) return image;
  const whole = new Uint8Array(tables.length - 2 + image.length - 2);
  whole.set(tables.subarray(0, tables.length - 2));
  whole.set(image.subarray(2), tables.length - 2);
  return whole;
}

interface Frame {
  readonly precision: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly components: number;
}

/** The start of frame; a plain Error where there is none of baseline, extended or progressive Huffman coding. */
function frameOf(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) throw new Error('its block is no JPEG stream');
  for (let at = 2; at + 10 <= bytes.length; ) {
    const marker = view.getUint16(at);
    if (marker >= 0xffc0 && marker <= 0xffc2) {
      return {
        precision: view.getUint8(at + 4),
        heightPx: view.getUint16(at + 5),
        widthPx: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
      };
    }
    const odd = marker >= 0xffc3 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (odd) throw new Error(`its JPEG is of an unsupported kind (SOF${marker - 0xffc0})`);
    if (marker < 0xff00 || marker === 0xffda) break;
    at += 2 + view.getUint16(at + 2);
  }
  throw new Error('its JPEG block has no start of frame');
}
