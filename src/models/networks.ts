// A bundle's networks, running; and the way a BEV takes through them.
import type { Bev, BevGeometry } from '../geometry/index.js';
import { areaDownsample } from '../geometry/index.js';
import { bevToNchw, signedToUnit } from '../imaging/index.js';
import type { Bundle } from './bundle.js';
import type { BundleGeometry } from './bundle-manifest.js';
import type { InferenceEngine, Tensor } from './engine.js';
import { type EngineKind, openEngine } from './open-engine.js';

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

/** The BEV that a bundle's networks were trained on: the ground of one tile. */
export function bevGeometryOf(geometry: BundleGeometry, cameraHeightM = geometry.cameraHeightM): BevGeometry {
  return { sizePx: geometry.bevSizePx, gsdM: geometry.tileSizeM / geometry.bevSizePx, cameraHeightM };
}

/** BEV (of bevSizePx) to generated view [1,3,S,S] in [-1,1] (where there is a generator) and descriptor [1,D]. */
export async function describeBev(
  networks: Networks,
  geometry: BundleGeometry,
  bev: Bev,
): Promise<{ view?: Tensor; descriptor: Tensor }> {
  const small = areaDownsample(bev, geometry.bevSizePx / geometry.inputSizePx);
  if (!networks.generator) return { descriptor: await networks.encoder.run(bevToNchw(small, 'unit')) };
  const view = await networks.generator.run(bevToNchw(small, 'signed'));
  return { view, descriptor: await networks.encoder.run(signedToUnit(view)) };
}
