// The worlds of the matrices, made once: a world that is there and was made with the same options is taken as it is.
import { join } from 'node:path';
import { readTextIfThere } from 'skyfix/files';
import { DEFAULT_WORLD, type makeWorld, type TownProgress } from '../town/index.js';
import type { PlannedWorld } from './style-plan.js';

export interface WorldMaking {
  /** Folder of the worlds. */
  readonly dir: string;
  readonly panoramaWidthPx: number;
  /** Threads that render. */
  readonly workers: number;
  /** What makes a world. */
  readonly make: typeof makeWorld;
}

/** Makes a world unless it is there; returns its folder. Throws what makeWorld throws. */
export async function makeWorldOnce(
  { name, style, seed, places }: PlannedWorld,
  { dir, panoramaWidthPx, workers, make }: WorldMaking,
  onProgress?: TownProgress,
): Promise<string> {
  const out = join(dir, name);
  const wanted = { style, seed, places, panoramaWidthPx };
  if (await isThere(out, wanted)) return out;
  await make({ ...DEFAULT_WORLD, ...wanted, workers, out }, onProgress);
  return out;
}

/** Towns do not say that they are one. */
interface MadeWith {
  readonly style?: string;
  readonly seed: number;
  readonly places: number;
  readonly panoramaWidthPx: number;
}

/** True for a folder that was finished (town.json is in it from the start) with these options. */
async function isThere(folder: string, wanted: Required<MadeWith>): Promise<boolean> {
  const content = await readTextIfThere(join(folder, 'town.json'));
  if (content === undefined) return false;
  const { options } = JSON.parse(content) as { readonly options: MadeWith };
  return (
    (options.style ?? 'town') === wanted.style &&
    options.seed === wanted.seed &&
    options.places === wanted.places &&
    options.panoramaWidthPx === wanted.panoramaWidthPx
  );
}
