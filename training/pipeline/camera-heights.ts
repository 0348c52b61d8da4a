// Queries whose camera height nobody knows: descriptors averaged over several, as a server does.
import type { BundleGeometry } from 'skyfix/bundles';
import { meanDescriptor } from 'skyfix/describe';
import type { CrossViewDataset, CrossViewPair } from '../datasets/index.js';
import type { Descriptors } from '../evaluation/index.js';
import { changedBevs, type PreparedArea, type PrepareOptions } from '../images/index.js';
import type { ImageStore } from '../stores/index.js';
import type { Embed } from './evaluate-area.js';

/** As a server answers that is told no camera height: descriptors of queries are averaged over the heights that it tries. */
export async function overHeights(
  geometry: BundleGeometry,
  dataset: CrossViewDataset,
  area: PreparedArea,
  queries: ImageStore,
  options: PrepareOptions,
): Promise<(embed: Embed) => Embed> {
  const { cameraHeightM, cameraHeightsM = [cameraHeightM] } = geometry;
  if (queries !== area.bevs) return (embed) => embed; // views of a generator: at the bundle's height
  const pairOf = new Map(dataset.pairs.map((pair) => [pair.id, pair]));
  const pairs = area.ids.map((id) => pairOf.get(id) as CrossViewPair);
  const stores: ImageStore[] = [];
  for (const height of cameraHeightsM) {
    const change = () => ({ heightFactor: height / cameraHeightM });
    stores.push(
      height === cameraHeightM ? queries : await changedBevs(dataset, pairs, geometry, change, options),
    );
  }
  return (embed) => async (images, square, rows) =>
    images === queries
      ? meanDescriptors(await inTurn(stores, (store) => embed(store, square, rows)))
      : embed(images, square, rows);
}

async function inTurn<T, R>(items: readonly T[], body: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await body(item));
  return results;
}

/** The means of descriptors of the same queries, of unit length. */
function meanDescriptors(all: readonly Descriptors[]): Descriptors {
  const [first] = all;
  if (!first || all.length === 1) return first ?? { count: 0, dimensions: 0, data: new Float32Array() };
  const { count, dimensions } = first;
  const data = new Float32Array(count * dimensions);
  for (let start = 0; start < data.length; start += dimensions) {
    const mean = meanDescriptor(all.map((one) => one.data.subarray(start, start + dimensions)));
    if (mean) data.set(mean, start); // none: as good as no tile
  }
  return { count, dimensions, data };
}
