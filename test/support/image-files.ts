// Image files written byte by byte, for what no encoder writes: odd sample forms, metadata in any place, order and size.
import { crc32 } from 'node:zlib';

/** A number of `bytes` bytes in the given order. */
export function numberBytes(value: number, bytes: 1 | 2 | 4 | 8, littleEndian: boolean): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 8) buffer.writeBigUInt64BE(BigInt(value));
  else buffer.writeUIntBE(value, 0, bytes);
  return littleEndian ? buffer.reverse() : buffer;
}

export const [BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL, FLOAT, DOUBLE] = [
  1, 2, 3, 4, 5, 7, 10, 11, 12,
] as const;

/** tag, type, and the values: text for ASCII, [numerator, denominator] pairs for rationals, bytes as they are. */
export type Tag = readonly [
  tag: number,
  type: number,
  values: string | Uint8Array | readonly number[] | readonly (readonly [number, number])[],
];

export interface TiffForm {
  readonly littleEndian?: boolean;
  readonly big?: boolean;
}

function valueBytes(type: number, values: Tag[2], little: boolean): { bytes: Buffer; count: number } {
  if (typeof values === 'string') {
    const bytes = Buffer.from(`${values}\0`);
    return { bytes, count: bytes.length };
  }
  if (values instanceof Uint8Array) return { bytes: Buffer.from(values), count: values.length };
  const one = (value: number): Buffer<ArrayBufferLike> => {
    if (type === BYTE || type === UNDEFINED) return numberBytes(value, 1, little);
    if (type === SHORT) return numberBytes(value, 2, little);
    if (type === FLOAT || type === DOUBLE) {
      const buffer = Buffer.alloc(type === FLOAT ? 4 : 8);
      if (type === FLOAT) buffer.writeFloatBE(value);
      else buffer.writeDoubleBE(value);
      return little ? buffer.reverse() : buffer;
    }
    return numberBytes(value < 0 ? value + 2 ** 32 : value, 4, little);
  };
  return { bytes: Buffer.concat(values.flat().map(one)), count: values.length };
}

/** A TIFF structure: one directory, with GPS and Exif directories where tags are given, and the pixels as one strip behind it. */
export function tiffBytes(
  tags: readonly Tag[],
  { littleEndian = false, big = false }: TiffForm = {},
  { gps, exif, pixels }: { gps?: readonly Tag[]; exif?: readonly Tag[]; pixels?: Uint8Array } = {},
): Buffer {
  const number = (value: number, bytes: 1 | 2 | 4 | 8) => numberBytes(value, bytes, littleEndian);
  const offsetBytes = big ? 8 : 4;
  const head = big ? 16 : 8;
  const sizeOf = (count: number) => (big ? 8 + 20 * count + 8 : 2 + 12 * count + 4);
  const directory = (list: readonly Tag[], at: number): Buffer => {
    const sorted = [...list].sort((a, b) => a[0] - b[0]);
    let dataAt = at + sizeOf(sorted.length);
    const data: Buffer[] = [];
    const entries = sorted.map(([tag, type, values]) => {
      const { bytes, count } = valueBytes(type, values, littleEndian);
      let inline: Buffer<ArrayBufferLike> = Buffer.alloc(offsetBytes);
      if (bytes.length <= offsetBytes) bytes.copy(inline);
      else {
        inline = number(dataAt, offsetBytes);
        data.push(bytes);
        dataAt += bytes.length;
      }
      return Buffer.concat([number(tag, 2), number(type, 2), number(count, offsetBytes), inline]);
    });
    return Buffer.concat([number(sorted.length, big ? 8 : 2), ...entries, number(0, offsetBytes), ...data]);
  };
  const withPlaces = (gpsAt: number, exifAt: number, pixelsAt: number): Tag[] => [
    ...tags,
    ...(exif ? [[0x8769, LONG, [exifAt]] as Tag] : []),
    ...(gps ? [[0x8825, LONG, [gpsAt]] as Tag] : []),
    ...(pixels
      ? ([
          [273, LONG, [pixelsAt]],
          [279, LONG, [pixels.length]],
        ] as Tag[])
      : []),
  ];
  const gpsAt = head + directory(withPlaces(0, 0, 0), head).length;
  const gpsBytes = gps ? directory(gps, gpsAt) : Buffer.alloc(0);
  const exifAt = gpsAt + gpsBytes.length;
  const exifBytes = exif ? directory(exif, exifAt) : Buffer.alloc(0);
  const start = Buffer.from(littleEndian ? 'II' : 'MM');
  const header = big
    ? Buffer.concat([start, number(43, 2), number(8, 2), number(0, 2), number(head, 8)])
    : Buffer.concat([start, number(42, 2), number(head, 4)]);
  const main = directory(withPlaces(gpsAt, exifAt, exifAt + exifBytes.length), head);
  return Buffer.concat([header, main, gpsBytes, exifBytes, pixels ?? Buffer.alloc(0)]);
}

export interface SampledTiff extends TiffForm {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly channels: number;
  readonly bits: number;
  /** TIFF's SampleFormat: 1 unsigned, 2 signed, 3 float. */
  readonly format?: number;
  /** Interleaved; written as the form says. Half floats come as their bits. */
  readonly values: ArrayLike<number>;
  readonly tags?: readonly Tag[];
  readonly gps?: readonly Tag[];
}

/** An uncompressed TIFF of any sample form. */
export function sampledTiff(image: SampledTiff): Buffer {
  const { widthPx, heightPx, channels, bits, format = 1, values, tags = [], littleEndian = true } = image;
  const bytes = bits / 8;
  const pixels = Buffer.alloc(values.length * bytes);
  const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.length);
  for (let k = 0; k < values.length; k++) {
    const value = values[k] ?? 0;
    if (format === 3 && bits === 64) view.setFloat64(k * 8, value, littleEndian);
    else if (format === 3 && bits === 32) view.setFloat32(k * 4, value, littleEndian);
    else if (bits === 32) view.setUint32(k * 4, value, littleEndian);
    else if (bits === 16) view.setUint16(k * 2, value, littleEndian);
    else view.setUint8(k, value);
  }
  const all = (value: number) => Array.from({ length: channels }, () => value);
  const base: Tag[] = [
    [256, LONG, [widthPx]],
    [257, LONG, [heightPx]],
    [258, SHORT, all(bits)],
    [259, SHORT, [1]],
    [262, SHORT, [channels < 3 ? 1 : 2]],
    [277, SHORT, [channels]],
    [278, LONG, [heightPx]],
    [284, SHORT, [1]],
    [339, SHORT, all(format)],
  ];
  const kept = base.filter(([tag]) => !tags.some(([other]) => other === tag));
  return tiffBytes(
    [...kept, ...tags],
    { littleEndian, big: image.big ?? false },
    {
      pixels,
      ...(image.gps && { gps: image.gps }),
    },
  );
}

/** A JPEG with segments behind its SOI marker: [marker, body]. */
export function withSegments(jpeg: Uint8Array, segments: readonly (readonly [number, Uint8Array])[]): Buffer {
  const parts = segments.map(([marker, body]) =>
    Buffer.concat([Buffer.from([0xff, marker]), numberBytes(body.length + 2, 2, false), body]),
  );
  return Buffer.concat([jpeg.subarray(0, 2), ...parts, jpeg.subarray(2)]);
}

export const exifSegment = (block: Uint8Array) =>
  [0xe1, Buffer.concat([Buffer.from('Exif\0\0'), block])] as const;
export const xmpSegment = (packet: Uint8Array) =>
  [0xe1, Buffer.concat([Buffer.from('http://ns.adobe.com/xap/1.0/\0'), packet])] as const;

/** A piece of extended XMP. */
export const extendedSegment = (guid: string, total: number, offset: number, piece: Uint8Array) =>
  [
    0xe1,
    Buffer.concat([
      Buffer.from(`http://ns.adobe.com/xmp/extension/\0${guid}`),
      numberBytes(total, 4, false),
      numberBytes(offset, 4, false),
      piece,
    ]),
  ] as const;

export function pngChunk(type: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  return Buffer.concat([numberBytes(body.length, 4, false), named, numberBytes(crc32(named), 4, false)]);
}

/** A PNG with chunks before its first IDAT, or before its end. */
export function withChunks(
  png: Uint8Array,
  chunks: readonly (readonly [string, Uint8Array])[],
  before: 'IDAT' | 'IEND' = 'IDAT',
): Buffer {
  const at = Buffer.from(png).indexOf(before) - 4;
  const made = chunks.map(([type, body]) => pngChunk(type, body));
  return Buffer.concat([png.subarray(0, at), ...made, png.subarray(at)]);
}

/** The iTXt chunk's body that holds an XMP packet, as it is or deflated already. */
export const xmpText = (packet: Uint8Array, compressed = false) =>
  Buffer.concat([Buffer.from('XML:com.adobe.xmp\0'), Buffer.from([compressed ? 1 : 0, 0, 0, 0]), packet]);

/** A WebP in extended form (VP8X) with chunks behind its picture. */
export function withRiffChunks(
  webp: Uint8Array,
  size: { readonly widthPx: number; readonly heightPx: number },
  chunks: readonly (readonly [string, Uint8Array])[],
): Buffer {
  const riff = (type: string, body: Uint8Array) =>
    Buffer.concat([
      Buffer.from(type, 'latin1'),
      numberBytes(body.length, 4, true),
      body,
      Buffer.alloc(body.length % 2),
    ]);
  const flags = chunks.reduce((bits, [type]) => bits | (type === 'EXIF' ? 8 : type === 'XMP ' ? 4 : 0), 0);
  const extended = Buffer.alloc(10);
  extended[0] = flags;
  extended.writeUIntLE(size.widthPx - 1, 4, 3);
  extended.writeUIntLE(size.heightPx - 1, 7, 3);
  const picture = Buffer.from(webp.subarray(12));
  const simple = picture.toString('latin1', 0, 4) !== 'VP8X';
  const body = Buffer.concat([
    Buffer.from('WEBP'),
    ...(simple ? [riff('VP8X', extended)] : []),
    picture,
    ...chunks.map(([type, content]) => riff(type, content)),
  ]);
  return riff('RIFF', body);
}

/** A GPano packet: attributes of its rdf:Description, and what stands inside of it. */
export const gpanoPacket = (attributes: string, elements = '', prefix = 'GPano') =>
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
  `<rdf:Description rdf:about="" xmlns:${prefix}="http://ns.google.com/photos/1.0/panorama/" ${attributes}>` +
  `${elements}</rdf:Description></rdf:RDF></x:xmpmeta>`;
