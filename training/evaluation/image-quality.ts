// PSNR, SSIM and RMSE of 8-bit images, as scikit-image defines them with gaussian weights.
import type { RgbImage } from 'skyfix/geometry';

export interface ImageQuality {
  readonly psnrDb: number;
  readonly ssim: number;
  readonly rmse: number;
}

const KERNEL_PX = 11;
const SIGMA_PX = 1.5;
/** Stabilisers of Wang et al. 2004: (0.01 * 255)^2 and (0.03 * 255)^2. */
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

const KERNEL: readonly number[] = (() => {
  const half = KERNEL_PX >> 1;
  const raw = Array.from({ length: KERNEL_PX }, (_, k) => Math.exp(-((k - half) ** 2) / (2 * SIGMA_PX ** 2)));
  const sum = raw.reduce((a, b) => a + b, 0);
  return raw.map((value) => value / sum);
})();

/** Root mean square error over all channels, on [0, 255]. */
export function rmseOf(a: RgbImage, b: RgbImage): number {
  checkSizes(a, b);
  let sum = 0;
  for (let k = 0; k < a.data.length; k++) sum += ((a.data[k] as number) - (b.data[k] as number)) ** 2;
  return Math.sqrt(sum / a.data.length);
}

/** Peak signal to noise ratio in dB with peak 255; Infinity for equal images. */
export function psnrOf(a: RgbImage, b: RgbImage): number {
  return 20 * Math.log10(255 / rmseOf(a, b));
}

/**
 * Structural similarity (Wang et al. 2004): Gaussian 11x11 kernel with sigma 1.5, population variances, mean over the
 * positions where the kernel fits and over the three channels.
 */
export function ssimOf(a: RgbImage, b: RgbImage): number {
  checkSizes(a, b);
  const { widthPx, heightPx } = a;
  if (widthPx < KERNEL_PX || heightPx < KERNEL_PX)
    throw new RangeError('SSIM needs at least 11 x 11 pixels.');
  let total = 0;
  for (let channel = 0; channel < 3; channel++) {
    const x = plane(a, channel);
    const y = plane(b, channel);
    const mx = blur(x, widthPx, heightPx);
    const my = blur(y, widthPx, heightPx);
    const xx = blur(product(x, x), widthPx, heightPx);
    const yy = blur(product(y, y), widthPx, heightPx);
    const xy = blur(product(x, y), widthPx, heightPx);
    let sum = 0;
    for (let k = 0; k < mx.length; k++) {
      const ux = mx[k] as number;
      const uy = my[k] as number;
      const vx = (xx[k] as number) - ux * ux;
      const vy = (yy[k] as number) - uy * uy;
      const cov = (xy[k] as number) - ux * uy;
      sum += ((2 * ux * uy + C1) * (2 * cov + C2)) / ((ux * ux + uy * uy + C1) * (vx + vy + C2));
    }
    total += sum / mx.length;
  }
  return total / 3;
}

/** All three figures, averaged over pairs of images, which are asked for one after the other. */
export async function meanQuality(
  pairs: Iterable<readonly [RgbImage, RgbImage]> | AsyncIterable<readonly [RgbImage, RgbImage]>,
): Promise<ImageQuality> {
  let count = 0;
  let psnrDb = 0;
  let ssim = 0;
  let rmse = 0;
  for await (const [a, b] of pairs) {
    count++;
    psnrDb += psnrOf(a, b);
    ssim += ssimOf(a, b);
    rmse += rmseOf(a, b);
  }
  return { psnrDb: psnrDb / count, ssim: ssim / count, rmse: rmse / count };
}

function plane(image: RgbImage, channel: number): Float64Array {
  const out = new Float64Array(image.widthPx * image.heightPx);
  for (let k = 0; k < out.length; k++) out[k] = image.data[k * 3 + channel] as number;
  return out;
}

function product(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, k) => value * (b[k] as number));
}

/** Separable Gaussian; only positions where the whole kernel fits. */
function blur(source: Float64Array, widthPx: number, heightPx: number): Float64Array {
  const outWidth = widthPx - KERNEL_PX + 1;
  const outHeight = heightPx - KERNEL_PX + 1;
  const rows = new Float64Array(outWidth * heightPx);
  for (let i = 0; i < heightPx; i++) {
    for (let j = 0; j < outWidth; j++) {
      let sum = 0;
      for (let k = 0; k < KERNEL_PX; k++)
        sum += (KERNEL[k] as number) * (source[i * widthPx + j + k] as number);
      rows[i * outWidth + j] = sum;
    }
  }
  const out = new Float64Array(outWidth * outHeight);
  for (let i = 0; i < outHeight; i++) {
    for (let j = 0; j < outWidth; j++) {
      let sum = 0;
      for (let k = 0; k < KERNEL_PX; k++)
        sum += (KERNEL[k] as number) * (rows[(i + k) * outWidth + j] as number);
      out[i * outWidth + j] = sum;
    }
  }
  return out;
}

function checkSizes(a: RgbImage, b: RgbImage): void {
  if (a.widthPx !== b.widthPx || a.heightPx !== b.heightPx) {
    throw new RangeError(
      `Images of ${a.widthPx}x${a.heightPx} and ${b.widthPx}x${b.heightPx} px differ in size.`,
    );
  }
}
