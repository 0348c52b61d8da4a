// Grids of sample images with the names of their columns, as a run writes them into samples/ while it trains.
import type { RgbImage } from 'skyfix/geometry';
import { captionSize, drawCaption, imageSheet } from '../drawing/index.js';

export interface SampleGridOptions {
  /** One for each image of a sample, written above it, e.g. BEV, view, tile; none without it. */
  readonly labels?: readonly string[];
  /** Samples beside one another. */
  readonly across?: number;
}

const GAP_PX = 2;
const SAMPLE_GAP_PX = 8;
const HEAD_PX = 12;
const TOP_PX = 2;

/** A sheet of samples, each a few images side by side; labels stand above the first row. RGB bytes. */
export function sampleGrid(
  samples: readonly (readonly RgbImage[])[],
  options: SampleGridOptions = {},
): RgbImage {
  const { labels = [], across = 1 } = options;
  const grid = imageSheet(samples, { columns: across, gapPx: GAP_PX, cellGapPx: SAMPLE_GAP_PX });
  const [first = []] = samples;
  if (labels.length === 0 || first.length === 0) return grid;
  const sampleWidthPx = Math.max(
    ...samples.map((images) => images.reduce((sum, i) => sum + i.widthPx + GAP_PX, -GAP_PX)),
  );
  const labelled = samples.slice(0, across).flatMap((images, column) => {
    let leftPx = column * (sampleWidthPx + SAMPLE_GAP_PX);
    return images.flatMap(({ widthPx }, k) => {
      const centre = leftPx + widthPx / 2;
      leftPx += widthPx + GAP_PX;
      return labels[k] === undefined ? [] : placed(labels[k], centre, widthPx);
    });
  });
  return withHead(grid, labelled);
}

/** A white strip with the labels above an image. Letters are drawn as pixels: nothing here renders SVG, nor could. */
function withHead({ widthPx, heightPx, data }: RgbImage, labels: readonly PlacedLabel[]): RgbImage {
  const headed = new Uint8Array(widthPx * (heightPx + HEAD_PX) * 3).fill(255);
  headed.set(data, widthPx * HEAD_PX * 3);
  const image = { widthPx, heightPx: heightPx + HEAD_PX, data: headed };
  for (const { text, leftPx } of labels) drawCaption(image, text, leftPx, TOP_PX, 1);
  return image;
}

interface PlacedLabel {
  readonly text: string;
  readonly leftPx: number;
}

/** The label in the middle over its image, cut where it is wider than that. */
function placed(label: string, centrePx: number, widthPx: number): PlacedLabel {
  const letters = Math.max(1, Math.floor(widthPx / captionSize('x', 1).widthPx));
  const text = label.slice(0, letters);
  return { text, leftPx: Math.max(0, Math.round(centrePx - captionSize(text, 1).widthPx / 2)) };
}
