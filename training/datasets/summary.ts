// What a data set holds, as text.
import { boundsOf, type FieldOfView, type LonLat } from 'skyfix/geometry';
import { SPLITS } from '../common/index.js';
import { fileImage, imageKey } from './listing/images.js';
import { countByReason, formatProblems } from './listing/problems.js';
import type { CrossViewDataset, DatasetTile, ImageSize, TileImage } from './listing/types.js';

/**
 * Lines about pairs and splits, the gallery, image sizes, what is known of places and headings, the bounding box in
 * degrees (west, south, east, north) and what was dropped. `sizes` (by imageKey) may hold some of the images only.
 */
export function formatSummary(dataset: CrossViewDataset, sizes: ReadonlyMap<string, ImageSize>): string {
  const { pairs, unpairedPanoramas, gallery, dropped, notes } = dataset;
  const panoramas = [...pairs, ...unpairedPanoramas];
  const located = panoramas.flatMap(({ location }) => location ?? []);
  const places = [...located, ...gallery.flatMap(({ centre }) => centre ?? [])];
  const rows: [string, string][] = [
    ['data set', `${dataset.name} in ${dataset.root}`],
    ['pairs', `${pairs.length} (${splitCounts(dataset)})`],
    ...(unpairedPanoramas.length > 0
      ? [['panoramas', `${unpairedPanoramas.length} without a tile`] as [string, string]]
      : []),
    ['tiles', tilesText(dataset)],
    [
      'panorama size',
      sizesText(
        panoramas.map(({ path }) => fileImage(path)),
        sizes,
      ),
    ],
    ['tile size', tileSizesText(gallery, sizes)],
    ['known', knownText(dataset, located)],
    [
      'bounding box',
      boundsOf(places)
        ?.map((degrees) => degrees.toFixed(6))
        .join(', ') ?? 'no places known',
    ],
    ...notes.map((note): [string, string] => ['note', note]),
    ['dropped', dropped.length > 0 ? `${dropped.length}: ${countByReason(dropped)}` : '0'],
  ];
  const text = rows.map(([label, value]) => `${label.padEnd(14)}${value}`).join('\n');
  return dropped.length > 0 ? `${text}\n${formatProblems(dropped)}` : text;
}

function splitCounts({ pairs, publishedPairs }: CrossViewDataset): string {
  const counts = SPLITS.map((split) => {
    const count = pairs.filter((pair) => pair.split === split).length;
    const published = publishedPairs[split];
    return { count, text: `${split} ${count}${published ? ` of ${published} published` : ''}` };
  });
  return counts
    .filter(({ count }) => count > 0)
    .map(({ text }) => text)
    .join(', ');
}

function tilesText({ pairs, gallery }: CrossViewDataset): string {
  const used = new Set(pairs.flatMap(({ tiles }) => tiles.map(({ tile }) => tile.id)));
  const semi = pairs.reduce(
    (sum, { tiles }) => sum + tiles.filter(({ relation }) => relation === 'semi-positive').length,
    0,
  );
  const alone = gallery.filter(({ id }) => !used.has(id)).length;
  const semiText = semi > 0 ? `, ${(semi / pairs.length).toFixed(1)} semi-positives a pair` : '';
  return `${gallery.length} in the gallery, ${alone} of them in no pair${semiText}`;
}

function sizesText(images: readonly TileImage[], sizes: ReadonlyMap<string, ImageSize>): string {
  const counts = new Map<string, number>();
  for (const key of new Set(images.map(imageKey))) {
    const size = sizes.get(key);
    if (!size) continue;
    const text = `${size.widthPx}x${size.heightPx} px`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, a], [, b]) => b - a).map(([text, count]) => `${text} (${count})`);
  return sorted.join(', ') || 'none read';
}

function tileSizesText(gallery: readonly DatasetTile[], sizes: ReadonlyMap<string, ImageSize>): string {
  const cut = gallery.some(({ image }) => image.kind === 'mosaic');
  const pixels = cut
    ? 'cut from a mosaic'
    : sizesText(
        gallery.map(({ image }) => image),
        sizes,
      );
  const metres = distinctText(
    gallery.flatMap(({ sizeM }) => sizeM ?? []),
    (sizeM) => sizeM.toFixed(1),
  );
  return metres ? `${pixels}; ${metres} m on the ground` : pixels;
}

/** Values are listed one by one up to so many. */
const LISTED = 6;

/** What numbers occur: "72.4, 64.5", or "149.8 to 195.3" where there are many; undefined for none. */
function distinctText(values: readonly number[], textOf: (value: number) => string): string | undefined {
  const texts = [...new Set(values.map(textOf))];
  if (texts.length <= LISTED) return texts.join(', ') || undefined;
  const [least, most] = values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  return `${textOf(least)} to ${textOf(most)}`;
}

function knownText(
  { pairs, unpairedPanoramas, ground }: CrossViewDataset,
  located: readonly LonLat[],
): string {
  const panoramas = [...pairs, ...unpairedPanoramas];
  const headed = panoramas.filter(({ headingDeg }) => headingDeg !== undefined).length;
  const own = (name: 'verticalFovDeg' | 'horizonShare' | 'cameraHeightM', digits: number) =>
    distinctText(
      panoramas.flatMap((panorama) => panorama[name] ?? []),
      (value) => value.toFixed(digits),
    );
  const [verticalDegs, horizons, heights] = [
    own('verticalFovDeg', 2),
    own('horizonShare', 3),
    own('cameraHeightM', 2),
  ];
  const assumed = panoramas.find(({ fieldOfView }) => fieldOfView)?.fieldOfView;
  return [
    `place of ${located.length} and heading of ${headed} of ${panoramas.length} panoramas`,
    ...(verticalDegs ? [`vertical field of view ${verticalDegs} degrees by rows`] : []),
    ...(horizons ? [`horizon at ${horizons} by rows`] : []),
    ...(assumed ? [`${fieldOfViewText(assumed)} where no file says it`] : []),
    ...(heights ? [`camera ${heights} m above the ground by rows`] : []),
    ...(ground.cameraHeightM === undefined ? [] : [`camera ${ground.cameraHeightM} m above the ground`]),
  ].join(', ');
}

function fieldOfViewText({ horizontalDeg = 360, verticalDeg, horizonShare = 0.5 }: FieldOfView): string {
  const horizon = horizonShare === 0.5 ? '' : `, horizon at ${horizonShare},`;
  return `field of view ${horizontalDeg} x ${Number(verticalDeg.toFixed(2))} degrees${horizon}`;
}
