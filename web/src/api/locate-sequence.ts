// POST /locate/sequence from the browser.
import { askPatiently, type Outcome, type Route, type Watcher } from './locate.js';
import type { Track } from './types.js';

const LOCATE_SEQUENCE: Route<Track> = {
  path: 'locate/sequence',
  mediaType: 'application/geo+json',
  answerOf: ({ features, ...body }) =>
    Array.isArray(features) && features.length > 1 ? ({ ...body, features } as unknown as Track) : undefined,
};

/** The images in the order of the way. Throws the signal's reason when it is aborted. */
export function locateSequence(
  images: readonly File[],
  region: string | undefined,
  watcher: Watcher,
): Promise<Outcome<Track>> {
  const form = new FormData();
  if (region !== undefined) form.append('region', region);
  for (const image of images) form.append('image', image, image.name);
  return askPatiently(LOCATE_SEQUENCE, form, watcher);
}
