// What networks in 8 bits cost on views that they were not fitted to: the bundle opened twice, as it is served.
import { join } from 'node:path';
import { type Bundle, type BundleQuantisation, descriptorMapOf, type Fidelity } from 'skyfix/bundles';
import { Describer, openNetworks } from 'skyfix/describe';
import { DEFAULT_ENGINE } from 'skyfix/engines';
import type { RetrievalResult } from '../runs/index.js';
import { type ImageStore, imageOfStore } from '../stores/index.js';
import { evaluateArea } from './evaluate-area.js';
import { onnxEmbed, onnxViews } from './onnx-embed.js';
import { evenlyOf, type QuantisationPictures } from './quantisation-pictures.js';
import { cosineOf } from './quantisation-scores.js';

export interface FigureOptions {
  readonly threads: number;
  /** Views whose looks are compared, at most. */
  readonly views: number;
  readonly scratch: string;
  readonly onProgress?: ((what: string, done: number, total: number) => void) | undefined;
}

/** Cosines of held-out looks and, where their places are known, how many are still found. */
export async function heldOutFigures(
  bundle: Bundle,
  { from, ground, area }: QuantisationPictures['heldOut'],
  options: FigureOptions,
): Promise<Pick<BundleQuantisation, 'heldOut' | 'retrieval'>> {
  const { threads, scratch } = options;
  const plain = await openNetworks(bundle, { threads });
  const quantised = await openNetworks(bundle, { threads, engine: { ...DEFAULT_ENGINE, precision: 'int8' } });
  try {
    const [f32, int8] = [plain, quantised].map(
      (each) => new Describer(each, bundle.manifest, 'NETWORK_INVALID'),
    );
    if (!f32 || !int8) throw new Error('no describers');
    const views = evenlyOf(ground, options.views);
    const cosines = await lookCosines(f32, int8, views, options.onProgress);
    const heldOut = { views: views.count, from, cosine: fidelityOf(cosines) };
    if (!area) return { heldOut };
    const { geometry, descriptor } = bundle.manifest;
    const served = { geometry, map: descriptorMapOf(bundle.manifest) };
    const asked = async (describer: Describer, name: string) =>
      bundle.generatorPath ? onnxViews(describer, area.bevs, join(scratch, `${name}.images`)) : area.bevs;
    const tilesBy = onnxEmbed(f32, geometry, descriptor.dimensions);
    const results: RetrievalResult[] = [];
    for (const [name, describer] of Object.entries({ f32, int8 })) {
      const queries = await asked(describer, name);
      const queriesBy = onnxEmbed(describer, geometry, descriptor.dimensions);
      // Tiles are in an index, which float32 made.
      const embed: typeof tilesBy = (images, ...more) =>
        (images === queries ? queriesBy : tilesBy)(images, ...more);
      results.push((await evaluateArea(from, 'trained', embed, queries, area, served)).result);
      options.onProgress?.('places', results.length, 2);
    }
    const [before, after] = results;
    if (!before || !after) throw new Error('no results');
    return { heldOut, retrieval: comparison(before, after) };
  } finally {
    await plain.close();
    await quantised.close();
  }
}

function comparison(
  f32: RetrievalResult,
  int8: RetrievalResult,
): NonNullable<BundleQuantisation['retrieval']> {
  const { queries, gallery } = f32.paired;
  const both = f32.grid && int8.grid && { f32: f32.grid.within25M, int8: int8.grid.within25M };
  return {
    queries,
    gallery,
    at1: { f32: f32.paired.at1, int8: int8.paired.at1 },
    ...(both && { within25M: both }),
  };
}

/** Of every look of every view, both from the BEV on. */
async function lookCosines(
  f32: Describer,
  int8: Describer,
  ground: ImageStore,
  onProgress: FigureOptions['onProgress'],
): Promise<number[]> {
  const cosines: number[] = [];
  for (let k = 0; k < ground.count; k++) {
    const image = imageOfStore(ground, k);
    const bev = { image, mask: new Uint8Array(image.widthPx * image.heightPx).fill(1) };
    const [[a = []] = [], [b = []] = []] = [
      await f32.look(await f32.views([bev])),
      await int8.look(await int8.views([bev])),
    ];
    cosines.push(...a.map(({ descriptor }, i) => cosineOf(descriptor, b[i]?.descriptor ?? descriptor)));
    onProgress?.('held-out views', k + 1, ground.count);
  }
  return cosines;
}

function fidelityOf(cosines: readonly number[]): Fidelity {
  const sorted = [...cosines].sort((a, b) => a - b);
  const rounded = (value: number | undefined) => Number((value ?? 0).toFixed(5));
  return {
    mean: rounded(sorted.reduce((sum, value) => sum + value, 0) / sorted.length),
    p5: rounded(sorted[Math.floor(0.05 * sorted.length)]),
    least: rounded(sorted[0]),
  };
}
