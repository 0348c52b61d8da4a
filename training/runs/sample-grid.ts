// Grids of sample images with the names of their columns, as a run writes them into samples/ while it trains.
import sharp from 'sharp';
import type { RgbImage } from 'skyfix/geometry';
import { escapeXml, FONT_FAMILY, imageSheet, textWidthPx } from '../drawing/index.js';

export interface SampleGridOptions {
  /** One for each image of a sample, written above it, e.g. BEV, view, tile; none without it. */
  readonly labels?: readonly string[];
  /** Samples beside one another. */
  readonly across?: number;
}

const GAP_PX = 2;
const SAMPLE_GAP_PX = 8;
const HEAD_PX = 18;
const FONT_PX = 12;
const SMALLEST_FONT_PX = 9;

/** A sheet of samples, each a few images side by side; labels stand above the first row. RGB bytes. */
export async function sampleGrid(
  samples: readonly (readonly RgbImage[])[],
  options: SampleGridOptions = {},
): Promise<RgbImage> {
  const { labels = [], across = 1 } = options;
  const grid = imageSheet(samples, { columns: across, gapPx: GAP_PX, cellGapPx: SAMPLE_GAP_PX });
  const [first = []] = samples;
  if (labels.length === 0 || first.length === 0) return grid;
  const sampleWidthPx = Math.max(
    ...samples.map((images) => images.reduce((sum, i) => sum + i.widthPx + GAP_PX, -GAP_PX)),
  );
  const texts = samples.slice(0, across).flatMap((images, column) => {
    let leftPx = column * (sampleWidthPx + SAMPLE_GAP_PX);
    return images.flatMap(({ widthPx }, k) => {
      const centre = leftPx + widthPx / 2;
      leftPx += widthPx + GAP_PX;
      return labels[k] === undefined ? [] : labelSvg(labels[k], centre, widthPx);
    });
  });
  const { widthPx, heightPx } = grid;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${HEAD_PX}" fill="#222" font-family="${FONT_FAMILY}" text-anchor="middle">${texts.join('')}</svg>`;
  const data = await sharp(grid.data, { raw: { width: widthPx, height: heightPx, channels: 3 } })
    .extend({ top: HEAD_PX, background: '#ffffff' })
    .composite([{ input: Buffer.from(svg), left: 0, top: 0 }])
    .removeAlpha()
    .raw()
    .toBuffer();
  return {
    widthPx,
    heightPx: heightPx + HEAD_PX,
    data: new Uint8Array(data.buffer, data.byteOffset, data.length),
  };
}

/** The label in the middle over its image, smaller where it would be wider than that, and cut where it still is. */
function labelSvg(label: string, centrePx: number, widthPx: number): string {
  const fontPx = Math.max(SMALLEST_FONT_PX, Math.min(FONT_PX, widthPx / textWidthPx(label, 1)));
  const letters = Math.max(1, Math.floor(widthPx / textWidthPx('x', fontPx)));
  const text = label.length > letters ? `${label.slice(0, letters - 1)}…` : label;
  const y = HEAD_PX - 5;
  return `<text x="${centrePx}" y="${y}" font-size="${fontPx.toFixed(1)}">${escapeXml(text)}</text>`;
}
