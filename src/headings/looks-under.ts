// What one heading shows: the steps from the photo's BEVs to the looks at them.
import { averageLooks, type Describer, type Look, type SeenViews } from '../describe/index.js';
import type { Bev } from '../geometry/index.js';

/** Does a part of the work, which belongs to this step: whoever asks may time it, or throw where nobody waits any more. */
export type RunStep = <T>(
  step: 'bev' | 'generate' | 'embed' | 'search',
  work: () => T | Promise<T>,
) => Promise<T>;

/** Nobody times it. */
export const plainly: RunStep = async (_, work) => work();

/** The looks at a photo under one heading, averaged over the camera heights that it has a BEV for. */
export async function looksUnder(
  describer: Describer,
  bevs: () => readonly Bev[],
  run: RunStep = plainly,
): Promise<readonly Look[]> {
  if (!describer.atOnce) return (await seenUnder(describer, bevs, run)).looks;
  const projected = await run('bev', bevs);
  return run('embed', async () => averageLooks(await describer.lookAt(projected)));
}

/** The same looks, and the views that they are at [heights,3,V,V]: for whoever shows one. */
export async function seenUnder(
  describer: Describer,
  bevs: () => readonly Bev[],
  run: RunStep = plainly,
): Promise<{ readonly views: SeenViews['views']; readonly looks: readonly Look[] }> {
  const projected = await run('bev', bevs);
  if (describer.seesAtOnce) {
    const { views, looks } = await run('embed', () => describer.see(projected));
    return { views, looks: averageLooks(looks) };
  }
  const views = await run('generate', () => describer.views(projected));
  const looks = await run('embed', async () => averageLooks(await describer.look(views)));
  return { views, looks };
}
