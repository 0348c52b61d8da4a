// A bundle's networks, running; and the way a BEV takes through them.

import type { Bundle, BundleGeometry } from '../bundles/index.js';
import type { InferenceEngine, Tensor } from '../engines/index.js';
import { type EngineKind, openEngine } from '../engines/index.js';
import type { Bev } from '../geometry/index.js';
import { areaDownsample } from '../geometry/index.js';
import { bevToNchw, cropWindows, signedToUnit } from '../imaging/index.js';
import { viewWindows } from './view-windows.js';

export interface Networks {
  /** Absent where the BEV goes straight into the encoder. */
  readonly generator?: InferenceEngine;
  readonly encoder: InferenceEngine;
  close(): Promise<void>;
}

/** Loads a bundle's networks; where one fails the other is closed. */
export async function openNetworks(
  bundle: Bundle,
  options: { threads: number; engine?: EngineKind },
): Promise<Networks> {
  const kind = options.engine ?? 'onnxruntime';
  const paths = [bundle.encoderPath, ...(bundle.generatorPath ? [bundle.generatorPath] : [])];
  const opened = await Promise.allSettled(paths.map((path) => openEngine(kind, path, options)));
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
