// Own panoramas stand where their GPS says, give or take some metres: what a run on them does about it unless it is told.
import { DEFAULT_PHOTOS } from '../datasets/index.js';
import type { RunConfig } from './run-config.js';
import { trainingSources } from './training-sources.js';

/** True for a run that trains on photos with GPS. */
export function trainsOnPhotos({ data }: Pick<RunConfig, 'data'>): boolean {
  return trainingSources(data).some(({ format }) => format === 'photos');
}

/** Ground beyond each tile that offsets are cropped from, metres. */
export const PHOTO_MARGIN = { tileMarginM: DEFAULT_PHOTOS.marginM } as const;

/** Tiles of a pair are cropped anywhere in their margin, so that the encoder finds a place from metres beside it. */
export function photoOffset({ geometry, tileMarginM }: Pick<RunConfig, 'geometry' | 'tileMarginM'>) {
  const offsetPx = Math.floor((tileMarginM * geometry.inputSizePx) / geometry.tileSizeM + 1e-6);
  return { stage3: { augment: { offsetPx } } };
}
