// One row of the comparison: what a query form and an encoder reach on an unseen area, in both protocols.
import { distanceM } from 'skyfix/geometry';
import { viewWindows } from 'skyfix/models';
import { cropImages, type ImageSet } from '../data/image-set.js';
import type { GridTiles, Town } from '../data/town-dataset.js';
import {
  type Descriptors,
  type DistanceFigures,
  distanceFigures,
  firstAnswers,
  type RecallFigures,
  recallOf,
  strictRanks,
} from '../evaluation/retrieval.js';

export interface ComparisonRow {
  /** e.g. "BEV + G + encoder" */
  readonly run: string;
  /** e.g. "unseen area" or "town of another seed" */
  readonly area: string;
  readonly paired: RecallFigures;
  readonly grid: DistanceFigures;
}

export interface Area {
  readonly name: string;
  readonly town: Town;
  readonly rows: readonly number[];
  readonly bevs: ImageSet;
  /** Paired protocol: tile k is centred on place rows[k]. */
  readonly tiles: ImageSet;
  readonly grid: GridTiles;
  /** Distance of the windows in which wider queries are looked at, pixels. */
  readonly searchStepPx: number;
}

/** Turns images (their centre crop of sizePx) into descriptors. */
export type Embed = (images: ImageSet, sizePx: number) => Promise<Descriptors>;

/**
 * Strict figures of an encoder for queries (row k shows place rows[k]) over an area. Queries wider than the tiles' network
 * input are looked at as a server does: paired in the middle, on the grid in every window of the view.
 */
export async function compare(
  run: string,
  embed: Embed,
  queries: ImageSet,
  area: Area,
): Promise<ComparisonRow> {
  const size = area.grid.images.sizePx;
  const searchMarginPx = (queries.sizePx - size) / 2;
  const looks: Descriptors[] = [];
  for (const { leftPx, topPx } of viewWindows({ searchMarginPx, searchStepPx: area.searchStepPx })) {
    looks.push(await embed(cropImages(queries, leftPx, topPx, size), size));
  }
  const [asked] = looks;
  if (!asked) throw new RangeError('A comparison needs queries.');
  const paired = await embed(area.tiles, size);
  const ranks = strictRanks(
    asked,
    paired,
    area.rows.map((_, k) => k),
  );
  const cells = await embed(area.grid.images, size);
  const errors = Array.from(firstAnswers(looks, cells), (cell, k) => {
    const place = area.town.places[area.rows[k] ?? -1];
    const centre = area.grid.centres[cell];
    return place && centre ? distanceM(place, centre) : Number.POSITIVE_INFINITY;
  });
  return {
    run,
    area: area.name,
    paired: recallOf(ranks, paired.count),
    grid: distanceFigures(errors, cells.count),
  };
}

/** Rows as a Markdown table. */
export function formatComparison(rows: readonly ComparisonRow[]): string {
  const f = (value: number): string => value.toFixed(1);
  return [
    '| queries | area | R@1 | R@5 | R@10 | R@1 % | within 25 m | median error |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map(({ run, area, paired, grid }) =>
      [
        '',
        run,
        area,
        f(paired.at1),
        f(paired.at5),
        f(paired.at10),
        f(paired.at1Percent),
        f(grid.within25M),
        `${f(grid.medianErrorM)} m`,
        '',
      ]
        .join(' | ')
        .trim(),
    ),
  ].join('\n');
}
