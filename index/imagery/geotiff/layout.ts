// How a directory's pixels are laid out: size, blocks, samples, codec. What is not supported is refused here by its name.
import { refused, unusable } from '../port/index.js';
import type { Directory } from './tiff-file.js';

/** TIFF 6.0 and what GDAL adds. */
export const TAG = {
  newSubfileType: 254,
  subfileType: 255,
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  maxSampleValue: 281,
  copyright: 33432,
  jpegTables: 347,
  yCbCrSubSampling: 530,
  pixelScale: 33550,
  tiePoints: 33922,
  transformation: 34264,
  geoKeys: 34735,
  geoDoubles: 34736,
  geoAscii: 34737,
  gdalMetadata: 42112,
  gdalNodata: 42113,
  lercParameters: 50674,
} as const;

export const PHOTOMETRIC = {
  whiteIsZero: 0,
  blackIsZero: 1,
  rgb: 2,
  palette: 3,
  mask: 4,
  separated: 5,
  yCbCr: 6,
} as const;

export type SampleType = 'uint' | 'int' | 'float';
export type Codec = 'none' | 'lzw' | 'jpeg' | 'deflate' | 'packbits' | 'lerc' | 'zstd' | 'webp';

const CODECS: Readonly<Record<number, Codec>> = {
  1: 'none',
  5: 'lzw',
  7: 'jpeg',
  8: 'deflate',
  32946: 'deflate',
  32773: 'packbits',
  34887: 'lerc',
  50000: 'zstd',
  50001: 'webp',
};
const OTHER_CODECS: Readonly<Record<number, string>> = {
  2: 'CCITT RLE',
  3: 'CCITT fax 3',
  4: 'CCITT fax 4',
  6: 'old-style JPEG',
  9: 'JBIG',
  32766: 'NeXT RLE',
  32809: 'ThunderScan',
  33003: 'JPEG 2000',
  33005: 'JPEG 2000',
  34661: 'JBIG',
  34676: 'SGI LogLuv',
  34677: 'SGI LogLuv',
  34712: 'JPEG 2000',
  34892: 'lossy JPEG of DNG',
  34925: 'LZMA',
  50002: 'JPEG XL',
  52546: 'JPEG XL of DNG',
};
const PHOTOMETRIC_NAMES: Readonly<Record<number, string>> = {
  8: 'CIE L*a*b*',
  9: 'ICC L*a*b*',
  10: 'ITU L*a*b*',
  32803: 'a colour filter array',
  32844: 'LogL',
  32845: 'LogLuv',
  34892: 'linear raw',
};

/** A block that is one piece of the file: it must fit in memory as a whole. */
const MOST_BLOCK_BYTES = 256 * 1024 * 1024;
const MOST_SIDE_PX = 2 ** 31 - 1;

export interface Layout {
  readonly directory: Directory;
  readonly path: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly tiled: boolean;
  /** Blocks as they lie in the file; the last strip has fewer rows. */
  readonly blockWidthPx: number;
  readonly blockHeightPx: number;
  readonly samples: number;
  /** Each sample in a plane of its own. */
  readonly planar: boolean;
  readonly bits: number;
  readonly type: SampleType;
  readonly codec: Codec;
  readonly predictor: 1 | 2 | 3;
  readonly photometric: number;
  /** Of the samples beyond those of the colour: 0 unspecified, 1 premultiplied alpha, 2 alpha. */
  readonly extraSamples: readonly number[];
}

/** Throws IMAGERY_INVALID naming the trait that cannot be read. */
export async function layoutOf(directory: Directory): Promise<Layout> {
  const { path } = directory.file;
  const number = async (tag: number, otherwise: number) => (await directory.number(tag)) ?? otherwise;
  const widthPx = await number(TAG.width, 0);
  const heightPx = await number(TAG.height, 0);
  if (!(isSide(widthPx) && isSide(heightPx)))
    throw unusable(path, `its size is ${widthPx} x ${heightPx} pixels`);
  const samples = await number(TAG.samplesPerPixel, 1);
  if (!(samples >= 1 && samples <= 1024)) throw unusable(path, `it has ${samples} samples a pixel`);
  const codec = await codecOf(directory);
  const { bits, type } = await sampleTypeOf(directory, samples);
  const photometric = await number(TAG.photometric, samples >= 3 ? PHOTOMETRIC.rgb : PHOTOMETRIC.blackIsZero);
  const named = PHOTOMETRIC_NAMES[photometric];
  if (named !== undefined)
    throw refused(path, `its photometric interpretation is ${named}`, '-ot Byte -b 1 -b 2 -b 3');
  if ((await number(TAG.fillOrder, 1)) === 2) throw refused(path, 'its bits run backwards (FillOrder 2)');
  if (photometric === PHOTOMETRIC.yCbCr && codec !== 'jpeg') {
    const [across = 2, down = 2] = await directory.numbers(TAG.yCbCrSubSampling);
    if (across !== 1 || down !== 1)
      throw refused(path, `its YCbCr samples are subsampled ${across} x ${down}`);
  }
  const planar = (await number(TAG.planarConfiguration, 1)) === 2 && samples > 1;
  const predictor = await predictorOf(directory, codec, bits, type);
  const blocks = await blocksOf(directory, widthPx, heightPx);
  const extraSamples = [...(await directory.numbers(TAG.extraSamples))];
  const layout: Layout = {
    directory,
    path,
    widthPx,
    heightPx,
    ...blocks,
    samples,
    planar,
    bits,
    type,
    codec,
    predictor,
    photometric,
    extraSamples,
  };
  const bytes = blockBytesOf(layout, layout.blockHeightPx);
  if (bytes > MOST_BLOCK_BYTES && !(codec === 'none' && !layout.tiled)) {
    throw refused(
      path,
      `one ${layout.tiled ? 'tile' : 'strip'} of it holds ${Math.round(bytes / 2 ** 20)} MiB`,
    );
  }
  return layout;
}

/** Bytes of a decoded block of so many rows, each row padded to whole bytes. */
export function blockBytesOf({ blockWidthPx, bits, samples, planar }: Layout, rows: number): number {
  return Math.ceil((blockWidthPx * bits * (planar ? 1 : samples)) / 8) * rows;
}

const isSide = (px: number) => Number.isInteger(px) && px > 0 && px <= MOST_SIDE_PX;

async function codecOf(directory: Directory): Promise<Codec> {
  const { path } = directory.file;
  const code = (await directory.number(TAG.compression)) ?? 1;
  const codec = CODECS[code];
  if (codec) return codec;
  throw refused(path, `its compression is ${OTHER_CODECS[code] ?? `of an unknown kind (${code})`}`);
}

async function sampleTypeOf(
  directory: Directory,
  samples: number,
): Promise<{ bits: number; type: SampleType }> {
  const { path } = directory.file;
  const all = [...(await directory.numbers(TAG.bitsPerSample))].slice(0, samples);
  const bits = all[0] ?? 1;
  if (all.some((other) => other !== bits)) {
    throw refused(path, `its samples have different sizes (${all.join(', ')} bits)`, '-ot Byte');
  }
  const formats = [...(await directory.numbers(TAG.sampleFormat))].slice(0, samples);
  const format = formats[0] ?? 1;
  if (formats.some((other) => other !== format)) {
    throw refused(path, `its samples have different formats (${formats.join(', ')})`, '-ot Float32');
  }
  if (format === 5 || format === 6) throw refused(path, 'its samples are complex numbers', '-ot Float32');
  const type = format === 2 ? 'int' : format === 3 ? 'float' : 'uint';
  const known =
    type === 'float'
      ? [16, 32, 64].includes(bits)
      : type === 'int'
        ? [8, 16, 32].includes(bits)
        : Number.isInteger(bits) && bits >= 1 && (bits <= 16 || bits === 32);
  if (!known) throw refused(path, `its samples are ${type} of ${bits} bits`, '-ot Float32');
  return { bits, type };
}

async function predictorOf(
  directory: Directory,
  codec: Codec,
  bits: number,
  type: SampleType,
): Promise<1 | 2 | 3> {
  if (!['lzw', 'deflate', 'zstd'].includes(codec)) return 1;
  const predictor = (await directory.number(TAG.predictor)) ?? 1;
  const fits =
    predictor === 1 ||
    (predictor === 2 && [8, 16, 32, 64].includes(bits)) ||
    (predictor === 3 && type === 'float');
  if (!fits)
    throw refused(directory.file.path, `its predictor ${predictor} does not fit ${type} of ${bits} bits`);
  return predictor as 1 | 2 | 3;
}

async function blocksOf(directory: Directory, widthPx: number, heightPx: number) {
  const { path } = directory.file;
  const tiled = directory.has(TAG.tileOffsets);
  if (!tiled && !directory.has(TAG.stripOffsets)) throw unusable(path, 'it has neither strips nor tiles');
  const rows = (await directory.number(TAG.rowsPerStrip)) ?? heightPx;
  const blockWidthPx = tiled ? ((await directory.number(TAG.tileWidth)) ?? 0) : widthPx;
  const blockHeightPx = tiled ? ((await directory.number(TAG.tileLength)) ?? 0) : Math.min(rows, heightPx);
  if (!(isSide(blockWidthPx) && isSide(blockHeightPx))) {
    throw unusable(path, `its blocks are ${blockWidthPx} x ${blockHeightPx} pixels`);
  }
  return { tiled, blockWidthPx, blockHeightPx };
}
