// A bundle's networks, running; and the way a BEV takes through them.
import type { Bev, BevGeometry } from '../geometry/index.js';
import { areaDownsample } from '../geometry/index.js';
import { bevToNchw, cropWindows, signedToUnit } from '../imaging/index.js';
import type { Bundle } from './bundle.js';
import type { BundleGeometry } from './bundle-manifest.js';
import type { InferenceEngine, Tensor } from './engine.js';
import { type EngineKind, openEngine } from './open-engine.js';
import { viewSizePx, viewWindows } from './view-windows.js';

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

/** The BEV that a bundle's networks take: the ground of one tile, and the margin in which the encoder looks around. */
export function bevGeometryOf(geometry: BundleGeometry, cameraHeightM = geometry.cameraHeightM): BevGeometry {
  const { bevSizePx, inputSizePx, tileSizeM } = geometry;
  const sizePx = (bevSizePx / inputSizePx) * viewSizePx(geometry);
  return { sizePx, gsdM: tileSizeM / bevSizePx, cameraHeightM };
}

/**
 * Columns of a full circle beyond which a panorama adds nothing to the BEV, whose outermost ring is pi * bevSizePx
 * pixels long: wider panoramas are shrunk to this before they are projected.
 */
export function panoramaWidthOf({ bevSizePx }: BundleGeometry): number {
  return Math.max(2048, 4 * bevSizePx);
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
