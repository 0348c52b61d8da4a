// Descriptors through cached features: a trunk sees each image once, whatever the heads and the looks.
import { cachedFeatures, type FeatureOptions, storedImages, type TrunkFile } from '../features/index.js';
import { GRID_STRIDE_PX, type GridHead, headSizes } from '../networks/index.js';
import { describeFeatures } from '../stages/index.js';
import { cropStore, type ImageStore } from '../stores/index.js';
import type { Embed } from './evaluate-area.js';

/**
 * A square that lies on the cells' grid is a window of the whole image's features, as dense looks are; others are cut
 * out first.
 */
export function featureEmbed(trunk: TrunkFile, head: GridHead, options: FeatureOptions): Embed {
  const { cells } = headSizes(head);
  const sidePx = cells * GRID_STRIDE_PX;
  return async (images, square = middleSquare(images, sidePx), rows) => {
    const { leftPx, topPx, sizePx } = square;
    const onGrid =
      [leftPx, topPx, images.sizePx].every((px) => px % GRID_STRIDE_PX === 0) && sizePx === sidePx;
    const store = onGrid ? images : cropStore(images, square);
    const corner = onGrid ? { row: topPx / GRID_STRIDE_PX, column: leftPx / GRID_STRIDE_PX } : undefined;
    const features = await cachedFeatures(storedImages(store), trunk, options);
    try {
      return await describeFeatures(head, features, { ...(corner && { corner }), ...(rows && { rows }) });
    } finally {
      features.close();
    }
  };
}

function middleSquare({ sizePx: wholePx }: ImageStore, sizePx: number) {
  const marginPx = (wholePx - sizePx) / 2;
  return { leftPx: marginPx, topPx: marginPx, sizePx };
}
