// Which samples of a picture are its colours and its alpha, and how they become 8-bit RGB.
import { refused } from '../port/index.js';
import { type Layout, PHOTOMETRIC, TAG } from './layout.js';
import type { Samples } from './unpack.js';

const UNSPECIFIED = 0;
const PREMULTIPLIED = 1;
const ALPHA = 2;

export interface Colours {
  readonly kind: 'grey' | 'rgb' | 'palette' | 'yCbCr' | 'cmyk';
  /** Sample numbers of the colours, in order. */
  readonly bands: readonly number[];
  readonly alpha?: { readonly band: number; readonly premultiplied: boolean };
  /** 0 is white. */
  readonly inverted: boolean;
  /** Red, green and blue of each entry, 8 bits: [3, 2^bits]. */
  readonly palette?: Uint8Array;
  readonly warnings: readonly string[];
}

/** `bands`: sample numbers to take as red, green and blue instead of what the file says. Throws IMAGERY_INVALID. */
export async function coloursOf(layout: Layout, bands?: readonly number[]): Promise<Colours> {
  const { photometric, samples, path } = layout;
  const { kind, count, warnings } = kindOf(layout);
  if (samples < count) throw refused(path, `it has ${samples} samples a pixel, too few for its colours`);
  const extra = samples - (photometricCount(photometric) ?? 1);
  const declared = layout.extraSamples.slice(0, Math.max(0, extra));
  const isAlpha = (k: number) => declared[k] === ALPHA || declared[k] === PREMULTIPLIED;
  const first = samples - declared.length;
  const alphaAt = declared.findIndex((_, k) => isAlpha(k) && first + k >= count);
  const alpha =
    alphaAt < 0
      ? {}
      : { alpha: { band: first + alphaAt, premultiplied: declared[alphaAt] === PREMULTIPLIED } };
  const palette = kind === 'palette' ? { palette: await paletteOf(layout) } : {};
  return {
    kind: bands ? 'rgb' : kind,
    bands: bands ?? Array.from({ length: count }, (_, k) => k),
    ...alpha,
    inverted: photometric === PHOTOMETRIC.whiteIsZero,
    ...palette,
    warnings,
  };
}

function photometricCount(photometric: number): number | undefined {
  if (photometric === PHOTOMETRIC.rgb || photometric === PHOTOMETRIC.yCbCr) return 3;
  return photometric === PHOTOMETRIC.separated ? 4 : 1;
}

function kindOf(layout: Layout): { kind: Colours['kind']; count: number; warnings: string[] } {
  const { photometric, samples, extraSamples, bits, type, path } = layout;
  switch (photometric) {
    case PHOTOMETRIC.rgb:
      return { kind: 'rgb', count: 3, warnings: [] };
    case PHOTOMETRIC.palette:
      return { kind: 'palette', count: 1, warnings: [] };
    case PHOTOMETRIC.yCbCr:
    case PHOTOMETRIC.separated:
      if (bits !== 8 || type !== 'uint') throw refused(path, `its YCbCr or CMYK samples have ${bits} bits`);
      return photometric === PHOTOMETRIC.yCbCr
        ? { kind: 'yCbCr', count: 3, warnings: [] }
        : { kind: 'cmyk', count: 4, warnings: [] };
    case PHOTOMETRIC.whiteIsZero:
    case PHOTOMETRIC.blackIsZero:
    case PHOTOMETRIC.mask: {
      const others = extraSamples.slice(0, samples - 1).filter((kind) => kind === UNSPECIFIED).length;
      const colours = samples - (extraSamples.length >= samples - 1 ? samples - 1 - others : 0);
      if (colours < 3) return { kind: 'grey', count: 1, warnings: [] };
      const warning =
        `${path} does not say what its ${samples} bands show; 1, 2 and 3 are taken as red, green and blue ` +
        '(gdal_translate -b RED -b GREEN -b BLUE -colorinterp red,green,blue picks others).';
      return { kind: 'rgb', count: 3, warnings: [warning] };
    }
    default:
      throw refused(
        path,
        `its photometric interpretation ${photometric} is not known`,
        '-colorinterp red,green,blue',
      );
  }
}

async function paletteOf({ directory, bits, type, path }: Layout): Promise<Uint8Array> {
  const map = await directory.numbers(TAG.colorMap);
  if (bits > 8 || type !== 'uint' || map.length !== 3 * 2 ** bits) {
    throw refused(path, `its palette of ${map.length / 3} colours does not fit ${bits} bits`, '-expand rgb');
  }
  return Uint8Array.from(map, (value) => value >> 8);
}

/**
 * RGB of `count` pixels of `channels` samples, of which the first are the colours. `toByte` scales a sample of grey or RGB.
 * `alphaShare`: by what a premultiplied pixel is divided, absent where it is not.
 */
export function toRgb(
  colours: Colours,
  samples: Samples,
  channels: number,
  toByte: (value: number) => number,
  alphaShare?: (pixel: number) => number,
): Uint8Array {
  const count = samples.length / channels;
  // Rounds, and ends at 0 and 255.
  const rgb = new Uint8ClampedArray(count * 3);
  const { kind, palette = new Uint8Array(0), inverted } = colours;
  const size = palette.length / 3;
  for (let p = 0, k = 0, o = 0; p < count; p++, k += channels, o += 3) {
    const first = samples[k] as number;
    switch (kind) {
      case 'rgb':
        for (let c = 0; c < 3; c++) rgb[o + c] = toByte(samples[k + c] as number);
        break;
      case 'grey':
        rgb[o] = inverted ? 255 - toByte(first) : toByte(first);
        rgb[o + 1] = rgb[o] as number;
        rgb[o + 2] = rgb[o] as number;
        break;
      case 'palette':
        for (let c = 0; c < 3; c++) rgb[o + c] = palette[c * size + first] ?? 0;
        break;
      case 'yCbCr': {
        const [cb, cr] = [(samples[k + 1] as number) - 128, (samples[k + 2] as number) - 128];
        rgb[o] = first + 1.402 * cr;
        rgb[o + 1] = first - 0.34414 * cb - 0.71414 * cr;
        rgb[o + 2] = first + 1.772 * cb;
        break;
      }
      case 'cmyk':
        for (let c = 0; c < 3; c++) {
          rgb[o + c] = ((255 - (samples[k + c] as number)) * (255 - (samples[k + 3] as number))) / 255;
        }
    }
    const share = alphaShare?.(p) ?? 1;
    if (share > 0 && share < 1) for (let c = 0; c < 3; c++) rgb[o + c] = (rgb[o + c] as number) / share;
  }
  return new Uint8Array(rgb.buffer);
}
