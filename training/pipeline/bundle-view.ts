// The field of view that a run's bundle carries where its configuration says none: what the rows of its own data agree on.
import type { FieldOfView } from 'skyfix/geometry';
import type { RunConfig } from '../config/index.js';
import type { CrossViewDataset } from '../datasets/index.js';

/** A field of view for the bundle, or why there is none. */
export interface CarriedView {
  readonly fieldOfView?: FieldOfView;
  readonly note?: string;
}

/** Strips of full circles that rows describe; spheres beside them are known by their shape. Nothing where the run says one. */
export function carriedView(
  { geometry }: Pick<RunConfig, 'geometry'>,
  { pairs, unpairedPanoramas }: Pick<CrossViewDataset, 'pairs' | 'unpairedPanoramas'>,
): CarriedView {
  if (geometry.fieldOfView) return {};
  const views = new Map<string, FieldOfView>();
  for (const { verticalFovDeg, horizonShare } of [...pairs, ...unpairedPanoramas]) {
    if (verticalFovDeg === undefined || verticalFovDeg >= 180) continue;
    const view = { verticalDeg: verticalFovDeg, ...(horizonShare !== undefined && { horizonShare }) };
    views.set(`${verticalFovDeg} ${horizonShare ?? 0.5}`, view);
  }
  const [fieldOfView] = views.values();
  if (!fieldOfView) return {};
  const { verticalDeg, horizonShare = 0.5 } = fieldOfView;
  if (views.size === 1) {
    const note =
      `The bundle takes strips that say nothing for ${verticalDeg} degrees high, horizon at ${horizonShare}, ` +
      "as the data's rows say.";
    return { fieldOfView, note };
  }
  const note =
    `The data's rows have ${views.size} fields of view, so the bundle takes none for granted: set geometry.fieldOfView, ` +
    'or say verticalFovDeg and horizonShare with each request.';
  return { note };
}

/** The configuration with what its bundle carries. */
export function withCarriedView<T extends Pick<RunConfig, 'geometry'>>(
  config: T,
  { fieldOfView }: CarriedView,
): T {
  return fieldOfView ? { ...config, geometry: { ...config.geometry, fieldOfView } } : config;
}
