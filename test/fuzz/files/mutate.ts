// Files of all formats that are wrong in one or a few places of their structure, made from small sound ones.
import sharp, { type Sharp } from 'sharp';
import {
  exifSegment,
  extendedSegment,
  numberBytes,
  pngChunk,
  SHORT,
  sampledTiff,
  type Tag,
  tiffBytes,
  withChunks,
  withRiffChunks,
  withSegments,
  xmpSegment,
  xmpText,
} from '../../support/image-files.js';
import { noisePanorama } from '../../support/tiny-region.js';
import type { Draw } from './draw.js';
import { deflated, exifBlock, iccProfile, mpfBlock, xmpPacket } from './metadata.js';

export interface FuzzedFile {
  readonly format: string;
  /** What was done to it. */
  readonly kind: string;
  readonly bytes: Buffer;
}

const [WIDTH, HEIGHT] = [128, 64];
const SIZE = { widthPx: WIDTH, heightPx: HEIGHT };

/** Sound files that everything is made from, some of each format. */
export interface Originals {
  readonly jpeg: readonly Buffer[];
  readonly png: readonly Buffer[];
  readonly webp: readonly Buffer[];
  readonly avif: readonly Buffer[];
  readonly tiff: readonly Buffer[];
}

export async function makeOriginals(): Promise<Originals> {
  const { data } = noisePanorama(1, WIDTH);
  const source = () => sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
  const all = (images: readonly Sharp[]) => Promise.all(images.map((image) => image.toBuffer()));
  const icc = () => source().withIccProfile('srgb');
  return {
    jpeg: await all([
      source().jpeg(),
      source().jpeg({ progressive: true }),
      icc().jpeg(),
      source().toColourspace('cmyk').jpeg(),
      source().greyscale().jpeg(),
    ]),
    png: await all([
      source().png(),
      source().png({ progressive: true }),
      icc().png(),
      source().png({ palette: true }),
      source().toColourspace('rgb16').png(),
    ]),
    webp: await all([
      source().webp(),
      source().webp({ lossless: true }),
      icc().webp(),
      source().ensureAlpha(0.5).webp(),
    ]),
    avif: await all([
      source().avif({ effort: 0 }),
      source().avif({ effort: 0, bitdepth: 10 }),
      source()
        .withExif({ IFD0: { Artist: 'x' } })
        .avif({ effort: 0 }),
    ]),
    tiff: await all([
      source().tiff(),
      source().tiff({ compression: 'lzw', predictor: 'horizontal' }),
      source().tiff({ compression: 'deflate', tile: true }),
      source().tiff({ compression: 'jpeg' }),
      source().tiff({ pyramid: true, tile: true, tileWidth: 64, tileHeight: 64 }),
    ]),
  };
}

type Maker = (draw: Draw, originals: Originals) => Buffer;

/** The makers of each format, by what they do. */
const MAKERS: Readonly<Record<string, Readonly<Record<string, Maker>>>> = {
  jpeg: {
    exif: (draw, { jpeg }) =>
      withSegments(
        draw.of(jpeg),
        Array.from({ length: 1 + draw.below(3) }, () => exifSegment(exifBlock(draw).subarray(0, 65_500))),
      ),
    xmp: (draw, { jpeg }) =>
      withSegments(
        draw.of(jpeg),
        Array.from({ length: 1 + draw.below(6) }, () => xmpSegment(xmpPacket(draw).subarray(0, 65_000))),
      ),
    extended: (draw, { jpeg }) => {
      const piece = xmpPacket(draw).subarray(0, 60_000);
      const pieces = Array.from({ length: 1 + draw.below(5) }, () =>
        extendedSegment('G'.repeat(32), draw.number(piece.length), draw.number(piece.length), piece),
      );
      const main = xmpSegment(
        Buffer.from(`<rdf:RDF><rdf:Description xmpNote:HasExtendedXMP="${'G'.repeat(32)}"/></rdf:RDF>`),
      );
      return withSegments(draw.of(jpeg), [main, ...pieces]);
    },
    icc: (draw, { jpeg }) =>
      withSegments(draw.of(jpeg), [
        [
          0xe2,
          Buffer.concat([
            Buffer.from('ICC_PROFILE\0'),
            Buffer.from([draw.below(3), draw.below(3)]),
            iccProfile(draw),
          ]),
        ],
      ]),
    mpf: (draw, { jpeg }) =>
      Buffer.concat([withSegments(draw.of(jpeg), [[0xe2, mpfBlock(draw)]]), draw.of(jpeg)]),
    lengths: (draw, { jpeg }) =>
      eachSegment(draw, draw.of(jpeg), (file, at) =>
        file.writeUInt16BE(draw.number(file.length - at) % 65_536, at + 2),
      ),
    tables: (draw, { jpeg }) =>
      eachSegment(draw, draw.of(jpeg), (file, at) =>
        draw.bytes(1 + draw.below(6)).copy(file, at + 4 + draw.below(20)),
      ),
    dimensions: (draw, { jpeg }) => {
      const file = Buffer.from(draw.of(jpeg));
      const at = Math.max(file.indexOf(Buffer.from([0xff, 0xc0])), file.indexOf(Buffer.from([0xff, 0xc2])));
      file.writeUInt16BE(draw.number(HEIGHT) % 65_536, at + 5);
      file.writeUInt16BE(draw.number(WIDTH) % 65_536, at + 7);
      if (draw.chance(0.3)) file[at + 9] = draw.below(256);
      return file;
    },
    scans: (draw, { jpeg }) => {
      const file = jpeg[1] ?? draw.of(jpeg);
      const scan = file.subarray(file.lastIndexOf(Buffer.from([0xff, 0xda])), file.length - 2);
      return Buffer.concat([
        file.subarray(0, -2),
        ...Array.from({ length: draw.of([2, 50, 500]) }, () => scan),
        file.subarray(-2),
      ]);
    },
  },
  png: {
    exif: (draw, { png }) => withChunks(draw.of(png), [['eXIf', exifBlock(draw)]], draw.of(['IDAT', 'IEND'])),
    xmp: (draw, { png }) =>
      withChunks(
        draw.of(png),
        Array.from(
          { length: 1 + draw.below(4) },
          () =>
            [
              'iTXt',
              xmpText(draw.chance(0.3) ? deflated(draw, xmpPacket(draw)) : xmpPacket(draw), draw.chance(0.4)),
            ] as const,
        ),
      ),
    profile: (draw, { png }) => {
      const block = draw.chance(0.5) ? exifBlock(draw).subarray(0, 100_000) : xmpPacket(draw);
      const text = Buffer.from(
        `\n${draw.of(['exif', 'xmp'])}\n   ${draw.number(block.length)}\n${block.toString('hex')}${draw.of(['', ' ', 'zz'])}`,
      );
      return withChunks(draw.of(png), [
        [
          'zTXt',
          Buffer.concat([
            Buffer.from(`Raw profile type ${draw.of(['exif', 'xmp', 'APP1'])}\0\0`),
            deflated(draw, text),
          ]),
        ],
      ]);
    },
    icc: (draw, { png }) =>
      withChunks(draw.of(png), [
        ['iCCP', Buffer.concat([Buffer.from('p\0\0'), deflated(draw, iccProfile(draw))])],
      ]),
    lengths: (draw, { png }) =>
      eachChunk(draw, draw.of(png), (file, at) => file.writeUInt32BE(draw.number(file.length - at), at)),
    header: (draw, { png }) => {
      const file = Buffer.from(draw.of(png));
      const ihdr = Buffer.concat([
        numberBytes(draw.number(WIDTH), 4, false),
        numberBytes(draw.number(HEIGHT), 4, false),
        Buffer.from([
          draw.of([1, 2, 4, 8, 16, 255]),
          draw.of([0, 2, 3, 4, 6, 9]),
          draw.below(2),
          draw.below(2),
          draw.below(3),
        ]),
      ]);
      pngChunk('IHDR', ihdr).copy(file, 8);
      return file;
    },
    chunks: (draw, { png }) => {
      const types = [
        'PLTE',
        'tRNS',
        'gAMA',
        'cHRM',
        'sBIT',
        'acTL',
        'fcTL',
        'IDAT',
        'IEND',
        'IHDR',
        'sRGB',
        'bKGD',
        'tEXt',
        'zTXt',
        'cICP',
      ];
      const chunks = Array.from(
        { length: draw.of([1, 5, 500]) },
        () => [draw.of(types), draw.bytes(draw.below(40))] as const,
      );
      return withChunks(draw.of(png), chunks, draw.of(['IDAT', 'IEND']));
    },
  },
  webp: {
    exif: (draw, { webp }) => withRiffChunks(draw.of(webp), SIZE, [['EXIF', exifBlock(draw)]]),
    xmp: (draw, { webp }) => withRiffChunks(draw.of(webp), SIZE, [['XMP ', xmpPacket(draw)]]),
    icc: (draw, { webp }) => withRiffChunks(draw.of(webp), SIZE, [['ICCP', iccProfile(draw)]]),
    lengths: (draw, { webp }) => {
      const file = withRiffChunks(draw.of(webp), SIZE, [['EXIF', exifBlock(draw)]]);
      file.writeUInt32LE(draw.number(file.length), draw.of([4, 16, 34]));
      return file;
    },
    canvas: (draw, { webp }) =>
      withRiffChunks(
        draw.of(webp),
        { widthPx: 1 + (draw.number(WIDTH) % 2 ** 24), heightPx: 1 + (draw.number(HEIGHT) % 2 ** 24) },
        [],
      ),
    frames: (draw, { webp }) =>
      withRiffChunks(
        draw.of(webp),
        SIZE,
        Array.from(
          { length: draw.of([1, 3, 2000]) },
          () =>
            [draw.of(['ANMF', 'ANIM', 'ALPH', 'VP8 ', 'VP8L', 'VP8X']), draw.bytes(draw.below(60))] as const,
        ),
      ),
  },
  avif: {
    boxes: (draw, { avif }) => {
      const file = Buffer.from(draw.of(avif));
      const count = 1 + draw.below(3);
      for (let k = 0; k < count; k++) {
        const at = file.indexOf(
          draw.of([
            'ftyp',
            'meta',
            'hdlr',
            'pitm',
            'iloc',
            'iinf',
            'infe',
            'iprp',
            'ipco',
            'ispe',
            'av1C',
            'pixi',
            'ipma',
            'mdat',
            'colr',
          ]),
        );
        if (at >= 4) file.writeUInt32BE(draw.number(file.length), at + draw.of([-4, 4, 8, 12]));
      }
      return file;
    },
    extent: (draw, { avif }) => {
      const file = Buffer.from(draw.of(avif));
      const at = file.indexOf('ispe');
      file.writeUInt32BE(draw.number(WIDTH), at + 8);
      file.writeUInt32BE(draw.number(HEIGHT), at + 12);
      return file;
    },
    types: (draw, { avif }) => {
      const file = Buffer.from(draw.of(avif));
      const at = file.indexOf('av01', file.indexOf('infe'));
      file.write(draw.of(['grid', 'iovl', 'hvc1', 'Exif', 'mime', 'iden', 'jpeg', 'av01']), at);
      return file;
    },
    bits: (draw, { avif }) => flipped(draw, draw.of(avif), 1 + draw.below(20)),
  },
  tiff: {
    tags: (draw, { tiff }) => {
      const file = Buffer.from(draw.of(tiff));
      const at = file.readUInt32LE(4) % file.length;
      const count = at + 2 <= file.length ? file.readUInt16LE(at) : 0;
      for (let k = 0; k < 1 + draw.below(3); k++) {
        const entry = at + 2 + 12 * draw.below(count) + draw.of([0, 2, 4, 8]);
        if (entry + 4 <= file.length) file.writeUInt32LE(draw.number(file.length), entry);
      }
      return file;
    },
    samples: (draw) => {
      const bits = draw.of([8, 16, 32, 64]);
      const channels = draw.of([1, 2, 3, 4, 5]);
      const values = Array.from(
        { length: WIDTH * HEIGHT * channels },
        () => draw.of([0, 1, 255, 4095, 65535, 1e30, -1, Number.NaN]) % 2 ** 16 || 0,
      );
      const tags: Tag[] = draw.chance(0.3)
        ? [[draw.of([258, 262, 277, 284, 339, 338, 274, 317]), SHORT, [draw.below(20)]]]
        : [];
      return sampledTiff({
        ...SIZE,
        channels,
        bits,
        format: 1 + draw.below(6),
        values,
        tags,
        littleEndian: draw.chance(0.5),
        big: draw.chance(0.2),
      });
    },
    sizes: (draw) => {
      const pixels = draw.bytes(200);
      const tag = (id: number): Tag => [id, 4, [draw.number(200)]];
      return tiffBytes(
        [
          tag(256),
          tag(257),
          [258, SHORT, [draw.of([1, 8, 16, 32])]],
          [259, SHORT, [draw.of([1, 5, 6, 7, 8, 50000, 34712])]],
          [262, SHORT, [draw.below(10)]],
          [277, SHORT, [draw.of([1, 3, 4, 65535])]],
          tag(278),
          ...(draw.chance(0.4) ? [tag(322), tag(323)] : []),
        ],
        { littleEndian: draw.chance(0.5), big: draw.chance(0.3) },
        { pixels },
      );
    },
    chain: (draw, { tiff }) => {
      const file = Buffer.from(draw.of(tiff));
      const at = file.readUInt32LE(4);
      const next = at + 2 + 12 * file.readUInt16LE(at);
      file.writeUInt32LE(draw.of([at, next, 8, draw.below(file.length)]), next);
      return file;
    },
    gps: (draw) =>
      sampledTiff({
        ...SIZE,
        channels: 3,
        bits: 8,
        values: draw.bytes(WIDTH * HEIGHT * 3),
        gps: [
          [
            draw.of([1, 2, 16, 17]),
            draw.of([2, 5, 10, 12]),
            draw.chance(0.5) ? [[draw.number(9), draw.below(2)]] : 'N',
          ],
        ],
      }),
    xmp: (draw) =>
      sampledTiff({
        ...SIZE,
        channels: 3,
        bits: 8,
        values: draw.bytes(WIDTH * HEIGHT * 3),
        tags: [[700, 1, xmpPacket(draw)]],
      }),
  },
  other: {
    foreign: (draw) =>
      Buffer.concat([
        Buffer.from(
          draw.of([
            'GIF89a',
            'BM',
            '%PDF-1.7',
            '\x1f\x8b',
            '8BPS',
            '<svg xmlns="http://www.w3.org/2000/svg" width="9999" height="9999">',
            'P6 9999 9999 255\n',
            'v/1\x01',
            '\0\0\0\x18ftypheic',
            '\0\0\0\x0cJXL \r\n\x87\n',
            'SIMPLE  =',
            '#?RADIANCE\n',
            'II*\0',
            'MM\0+',
          ]),
          'latin1',
        ),
        draw.bytes(draw.below(500)),
      ]),
    nested: (draw, originals) => {
      const [outer, inner] = [
        draw.of(Object.values(originals)) as readonly Buffer[],
        draw.of(Object.values(originals)) as readonly Buffer[],
      ];
      const [a, b] = [draw.of(outer), draw.of(inner)];
      const at = draw.below(a.length);
      return Buffer.concat([a.subarray(0, at), b, a.subarray(at)]);
    },
    truncated: (draw, originals) => {
      const file = draw.of(draw.of(Object.values(originals)) as readonly Buffer[]);
      return file.subarray(0, draw.below(file.length));
    },
    bits: (draw, originals) =>
      flipped(draw, draw.of(draw.of(Object.values(originals)) as readonly Buffer[]), 1 + draw.below(10)),
    noise: (draw) => draw.bytes(1 + draw.below(2000)),
    sound: (draw, originals) => draw.of(draw.of(Object.values(originals)) as readonly Buffer[]),
  },
};

const RECIPES = Object.entries(MAKERS).flatMap(([format, makers]) =>
  Object.entries(makers).map(([kind, make]) => ({ format, kind, make })),
);

/** File number `number`; one recipe after another, so that each has its share. Some are cut off on top. */
export function fuzzedFile(draw: Draw, originals: Originals, number: number): FuzzedFile {
  const { format, kind, make } = RECIPES[number % RECIPES.length] as (typeof RECIPES)[number];
  const bytes = make(draw, originals);
  return { format, kind, bytes: draw.chance(0.05) ? bytes.subarray(0, draw.below(bytes.length)) : bytes };
}

function flipped(draw: Draw, bytes: Buffer, count: number): Buffer {
  const file = Buffer.from(bytes);
  for (let k = 0; k < count; k++) file[draw.below(file.length)] = draw.below(256);
  return file;
}

/** Does something to one of a JPEG's segments. */
function eachSegment(draw: Draw, jpeg: Buffer, change: (file: Buffer, at: number) => void): Buffer {
  const file = Buffer.from(jpeg);
  const starts: number[] = [];
  for (let at = 2; file[at] === 0xff && file[at + 1] !== 0xda; at += 2 + file.readUInt16BE(at + 2))
    starts.push(at);
  change(file, draw.of(starts));
  return file;
}

/** Does something to one of a PNG's chunks. */
function eachChunk(draw: Draw, png: Buffer, change: (file: Buffer, at: number) => void): Buffer {
  const file = Buffer.from(png);
  const starts: number[] = [];
  for (let at = 8; at + 8 <= file.length; at += 12 + file.readUInt32BE(at)) starts.push(at);
  change(file, draw.of(starts));
  return file;
}
