// How much R@1 is lost when the projection is told something wrong, the ground slopes, or things stand in the way.

import type { BundleGeometry } from 'skyfix/bundles';
import { bevGeometryOf, bevPerViewPx } from 'skyfix/bundles';
import { BevTableCache, projectAveraged } from 'skyfix/geometry';
import { makeRng } from 'skyfix/random';
import type { CrossViewDataset, CrossViewPair } from '../datasets/index.js';
import { spreadEvenly } from '../drawing/index.js';
import {
  type Descriptors,
  PERTURBATIONS,
  type Perturbation,
  recallOf,
  strictRanks,
} from '../evaluation/index.js';
import type { PreparedArea } from '../images/index.js';
import { decodeSource, type PanoramaSource, panoramaSourceOf } from '../images/index.js';
import { type ImageStore, memoryStore } from '../stores/index.js';

/** Queries that are changed, spread over the area. */
const QUERIES = 120;

export interface RobustnessRow {
  /** "none", or the name of a perturbation. */
  readonly change: string;
  readonly at1: number;
}

/** `describeBevs`: BEVs of the training's size to descriptors, as the run's queries are made of them. */
export async function measureRobustness(
  dataset: CrossViewDataset,
  area: PreparedArea,
  geometry: BundleGeometry,
  describeBevs: (bevs: ImageStore) => Promise<Descriptors>,
  gallery: Descriptors,
  onProgress: (done: number, total: number) => void,
): Promise<RobustnessRow[]> {
  const rows = spreadEvenly(area.ids.length, QUERIES);
  const pairOf = new Map(dataset.pairs.map((pair) => [pair.id, pair]));
  const panoramas = rows.map((row) =>
    panoramaSourceOf(dataset, pairOf.get(area.ids[row] ?? '') as CrossViewPair),
  );
  const changes: (Perturbation | undefined)[] = [undefined, ...PERTURBATIONS];
  const results: RobustnessRow[] = [];
  for (const [k, change] of changes.entries()) {
    const bevs = await perturbedBevs(panoramas, geometry, change);
    const asked = await describeBevs(bevs);
    const ranks = strictRanks(
      asked,
      gallery,
      rows.map((row) => area.tileOf[row] as number),
    );
    results.push({ change: change?.name ?? 'none', at1: recallOf(ranks, gallery.count).at1 });
    onProgress(k + 1, changes.length);
  }
  return results;
}

async function perturbedBevs(
  panoramas: readonly PanoramaSource[],
  geometry: BundleGeometry,
  change: Perturbation | undefined,
): Promise<ImageStore> {
  const sizePx = geometry.inputSizePx;
  const data = new Uint8Array(panoramas.length * sizePx * sizePx * 3);
  const tables = new BevTableCache();
  for (const [k, panorama] of panoramas.entries()) {
    const { image, window, pose } = await decodeSource(panorama, geometry);
    const given = { image, window, pose, bev: bevGeometryOf(geometry) };
    const seen = change ? change.apply(given, makeRng(7_700_000, k)) : given;
    const factor = bevPerViewPx(geometry);
    const bev = projectAveraged(seen.image, seen.window, seen.pose, seen.bev, factor, tables);
    data.set(bev.image.data, k * sizePx * sizePx * 3);
  }
  return memoryStore({ sizePx, count: panoramas.length, data });
}
