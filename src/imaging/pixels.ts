// Plain images: decode, resize, encode. Everything becomes 8-bit sRGB.
import { messageOf, SkyfixError } from '../errors/index.js';
import type { RgbImage } from '../geometry/index.js';
import { decodeBudget } from './decode-budget.js';
import type { FileFacts } from './file-facts.js';
import { checkSampleForm, type ScaledSamples, scaleFloats, scaleUnsigned16 } from './samples.js';
import { type Sharp, sharp } from './sharp.js';
import { inspectFile } from './sniff.js';

export const DEFAULT_MAX_PIXELS = 200_000_000;

/** A decoder that is still at it after this is stopped. */
const DECODE_TIMEOUT_S = 60;

export interface PixelOptions {
  readonly maxPixels?: number;
  /** Scaled to these where both are given. */
  readonly widthPx?: number;
  readonly heightPx?: number;
}

/**
 * Decodes a still image to RGB, scaled to the given size where there is one. CMYK, grey, alpha (over black), 16-bit and
 * float samples are converted. Throws IMAGE_EMPTY, IMAGE_TOO_LARGE_PIXELS, IMAGE_UNDECODABLE, IMAGE_SAMPLES_UNSUPPORTED.
 */
export async function decodeImage(bytes: Uint8Array, options: PixelOptions = {}): Promise<RgbImage> {
  return (await decodePixels(inspectFile(bytes), options)).image;
}

/** The same of a file that was looked at already, with what was assumed of its samples. Waits for the process's budget. */
export async function decodePixels(
  facts: FileFacts,
  options: PixelOptions = {},
): Promise<{ image: RgbImage; warnings: readonly string[] }> {
  const { maxPixels = DEFAULT_MAX_PIXELS, widthPx = facts.widthPx, heightPx = facts.heightPx } = options;
  checkPixels(facts, maxPixels);
  checkSampleForm(facts.samples);
  const deep = facts.samples.bits > 8 && facts.format !== 'avif';
  // Raw samples, and the pixels made of them.
  const outputBytes = widthPx * heightPx * 3 * (deep ? 1 + facts.samples.bits / 8 : 1);
  return decodeBudget.hold(facts.decoderBytes + outputBytes, async () => {
    try {
      const source = sharp(facts.picture, { failOn: 'error', limitInputPixels: maxPixels });
      const space = deep ? (await source.metadata()).space : '';
      const rule = RULES.find((candidate) => candidate.spaces.includes(space));
      let image = source.timeout({ seconds: DECODE_TIMEOUT_S }).autoOrient();
      if (options.widthPx !== undefined && options.heightPx !== undefined) {
        // Lanczos overshoots, which would change how far deep samples seem to reach.
        const kernel = rule ? 'linear' : 'lanczos3';
        if (isStretchedByDecoder(facts, [widthPx, heightPx])) {
          // A part is cut out before it is scaled, so the decoder has to give all of it: here the part is the whole.
          const { width, height } = (await source.metadata()).autoOrient;
          image = image.extract({ left: 0, top: 0, width, height });
        }
        image = image.resize(options.widthPx, options.heightPx, { fit: 'fill', kernel });
      }
      const { data, info } = await image
        .flatten({ background: '#000000' })
        .toColourspace(rule ? space : 'srgb')
        .raw({ depth: rule ? rule.depth : 'uchar' })
        .toBuffer({ resolveWithObject: true });
      const scaled: ScaledSamples = rule ? rule.scale(data) : { data };
      return {
        image: {
          widthPx: info.width,
          heightPx: info.height,
          data: threeChannels(scaled.data, info.channels),
        },
        warnings: scaled.warning === undefined ? [] : [scaled.warning],
      };
    } catch (error) {
      throw asDecodeError(error, maxPixels);
    }
  });
}

/**
 * True where libjpeg, asked for a half, a quarter or an eighth of each side, would round a side up: what is left then covers more
 * than the image, and is stretched, by up to a pixel of the result at the far edge.
 */
function isStretchedByDecoder({ format, widthPx, heightPx }: FileFacts, size: readonly number[]): boolean {
  if (format !== 'jpeg') return false;
  // Sides may be turned; no side is shrunk by more than this if both are shrunk alike.
  const shrink = Math.max(widthPx, heightPx) / Math.max(...size);
  const divisor = [8, 4, 2].find((each) => shrink >= each) ?? 1;
  return widthPx % divisor !== 0 || heightPx % divisor !== 0;
}

/** How deep samples of a colour space are taken out of the decoder as they are, and scaled. */
interface DeepRule {
  readonly spaces: readonly string[];
  readonly depth: 'ushort' | 'float';
  readonly scale: (data: Buffer) => ScaledSamples;
}

const RULES: readonly DeepRule[] = [
  {
    spaces: ['rgb16', 'grey16'],
    depth: 'ushort',
    scale: (data) => scaleUnsigned16(new Uint16Array(alignedCopy(data))),
  },
  {
    spaces: ['scrgb', 'b-w'],
    depth: 'float',
    scale: (data) => scaleFloats(new Float32Array(alignedCopy(data))),
  },
];

const alignedCopy = (data: Buffer): ArrayBufferLike =>
  data.byteOffset === 0 && data.byteLength === data.buffer.byteLength
    ? data.buffer
    : data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);

/** Throws IMAGE_TOO_LARGE_PIXELS by what the file's own header says. */
export function checkPixels({ widthPx, heightPx }: FileFacts, maxPixels: number): void {
  const pixels = widthPx * heightPx;
  if (pixels <= maxPixels) return;
  throw new SkyfixError(
    'IMAGE_TOO_LARGE_PIXELS',
    `The image has ${widthPx}x${heightPx} = ${pixels} pixels; the limit is ${maxPixels}.`,
  );
}

function threeChannels(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return new Uint8Array(data.buffer, data.byteOffset, data.length);
  const count = data.length / channels;
  const rgb = new Uint8Array(count * 3);
  const grey = channels < 3;
  for (let k = 0; k < count; k++) {
    for (let c = 0; c < 3; c++) rgb[k * 3 + c] = data[k * channels + (grey ? 0 : c)] as number;
  }
  return rgb;
}

/** What sharp threw, as one of this project's codes. */
export function asDecodeError(error: unknown, maxPixels: number): SkyfixError {
  if (error instanceof SkyfixError) return error;
  const message = messageOf(error);
  if (/exceeds pixel limit/i.test(message)) {
    return new SkyfixError('IMAGE_TOO_LARGE_PIXELS', `The image has more than ${maxPixels} pixels.`, {
      cause: error,
    });
  }
  const reason = message.replace(/\s+/g, ' ').trim().slice(0, 200);
  return new SkyfixError('IMAGE_UNDECODABLE', `The decoder says: ${reason}.`, { cause: error });
}

function rawOf(image: RgbImage): Sharp {
  return sharp(image.data, { raw: { width: image.widthPx, height: image.heightPx, channels: 3 } });
}

/** The image as a PNG file. */
export async function encodePng(image: RgbImage): Promise<Buffer> {
  return rawOf(image).png().toBuffer();
}

/** Scales to exactly this size (Lanczos, areas averaged where it shrinks). */
export async function resizeImage(image: RgbImage, widthPx: number, heightPx: number): Promise<RgbImage> {
  if (image.widthPx === widthPx && image.heightPx === heightPx) return image;
  const data = await rawOf(image).resize(widthPx, heightPx, { fit: 'fill' }).raw().toBuffer();
  return { widthPx, heightPx, data: new Uint8Array(data.buffer, data.byteOffset, data.length) };
}
