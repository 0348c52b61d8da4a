// A bundle's networks, running; and the way a BEV takes through them.

import type { Bundle, BundleGeometry } from '../bundles/index.js';
import type { InferenceEngine, Tensor } from '../engines/index.js';
import { type EngineKind, openEngine } from '../engines/index.js';
import type { Bev } from '../geometry/index.js';
import { areaDownsample } from '../geometry/index.js';
import { bevToNchw, cropWindows, signedToUnit } from '../imaging/index.js';
import type { LifeEvents } from '../threads/index.js';
import { viewWindows } from './view-windows.js';

export interface Networks {
  /** Absent where the BEV goes straight into the encoder. */
  readonly generator?: InferenceEngine;
  readonly encoder: InferenceEngine;
  close(): Promise<void>;
}

export interface NetworkOptions {
  /** Compute threads of each network. */
  readonly threads: number;
  readonly engine?: EngineKind | undefined;
  /** What a network reports its deaths and recoveries to. */
  readonly eventsOf?: ((part: 'generator' | 'encoder') => LifeEvents) | undefined;
}

/** Loads a bundle's networks; where one fails the other is closed. */
export async function openNetworks(bundle: Bundle, options: NetworkOptions): Promise<Networks> {
  const { threads, engine = 'onnxruntime', eventsOf } = options;
  const open = (part: 'generator' | 'encoder', path: string) =>
    openEngine(engine, path, { threads, ...eventsOf?.(part) });
  const opened = await Promise.allSettled([
    open('encoder', bundle.encoderPath),
    ...(bundle.generatorPath ? [open('generator', bundle.generatorPath)] : []),
  ]);
  const engines = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const close = async () => {
    await Promise.all(engines.map((engine) => engine.close()));
  };
  const failed = opened.find((result) => result.status === 'rejected');
  const [encoder, generator] = engines;
  if (failed || !encoder) {
    await close();
    throw failed?.reason ?? new Error('no encoder');
  }
  return { ...(generator ? { generator } : {}), encoder, close };
}

/** What the encoder sees of a view [1,3,V,V]: its windows [W,3,S,S], the middle one first. */
export function windowsOf(view: Tensor, geometry: BundleGeometry): Tensor {
  return cropWindows(view, viewWindows(geometry), geometry.inputSizePx);
}

/** BEV (of bevGeometryOf) to generated view [1,3,V,V] in [-1,1] (where there is a generator) and descriptors [W,D]. */
export async function describeBev(
  networks: Networks,
  geometry: BundleGeometry,
  bev: Bev,
): Promise<{ view?: Tensor; descriptors: Tensor }> {
  const small = areaDownsample(bev, geometry.bevSizePx / geometry.inputSizePx);
  const embed = (image: Tensor) => networks.encoder.run(windowsOf(image, geometry));
  if (!networks.generator) return { descriptors: await embed(bevToNchw(small, 'unit')) };
  const view = await networks.generator.run(bevToNchw(small, 'signed'));
  return { view, descriptors: await embed(signedToUnit(view)) };
}
