// npm run demo:sequences [-- BUNDLE]: how much it helps to locate panoramas of one way together. Walks of ten neighbouring places
// of the area that no bundle has seen, with the camera height given right and wrong, so that one alone is more and less often
// right; without and with the distances between them. Prints the table of docs/sequences.md.
import { readFile } from 'node:fs/promises';
import { bundleDirOf, engineOfEnvironment, openStageProgress } from 'skyfix/cli';
import { NEAR_M } from 'skyfix/confidence';
import { distanceM, type LonLat } from 'skyfix/geometry';
import { withVersion } from 'skyfix/index';
import { type LocatedPanorama, locate } from 'skyfix/locate';
import type { LoadedRegion } from 'skyfix/regions';
import { type Frame, trackOf } from 'skyfix/sequences';
import { indexOf, placesOf, TEST } from './areas.js';

const FRAMES = 10;
const WALKS = 10;
/** Cameras of the town stand 2.5 m high, some of them higher and lower. */
const HEIGHTS_M = [2.5, 1.75, 1.5, 1.25] as const;
/** Places of each panorama: as many as POST /locate gives. */
const TOP = 50;

interface WalkFrame {
  readonly truth: LonLat;
  readonly frame: Frame;
}

/** From evenly spread starts, each time on to the nearest place that the walk has not been to. */
function walksThrough(places: readonly LocatedPanorama[]): LocatedPanorama[][] {
  return Array.from({ length: WALKS }, (_, number) => {
    const start = places[Math.floor((places.length * (number + 0.5)) / WALKS)];
    const walk = start ? [start] : [];
    const left = new Set(places);
    for (let here = start; here && walk.length < FRAMES; ) {
      left.delete(here);
      const from: LonLat = here;
      here = [...left].sort((a, b) => distanceM(a, from) - distanceM(b, from))[0];
      if (here) walk.push(here);
    }
    return walk;
  });
}

async function frameOf(
  region: LoadedRegion,
  place: LocatedPanorama,
  cameraHeightM: number,
): Promise<WalkFrame> {
  const { results, heading } = await locate(region, await readFile(place.file), {
    top: TOP,
    distinct: true,
    cameraHeightM,
  });
  return { truth: place, frame: { candidates: results, headingDeg: heading.deg } };
}

const isRight = (place: LonLat | undefined, { truth }: WalkFrame) =>
  place !== undefined && distanceM(place, truth) <= NEAR_M;

/** Frames that their own best place finds, and that the track does. */
function counted(walk: readonly WalkFrame[], withDistances: boolean): { alone: number; together: number } {
  const frames = walk.map(({ frame, truth }, k): Frame => {
    const before = walk[k - 1];
    return withDistances && before ? { ...frame, distanceM: distanceM(before.truth, truth) } : frame;
  });
  const { points } = trackOf(frames);
  return {
    alone: walk.filter((one) => isRight(one.frame.candidates[0], one)).length,
    together: walk.filter((one, k) => isRight(points[k], one)).length,
  };
}

const bundleDir = bundleDirOf(process.argv[2] ?? 'small-town');
const walks = walksThrough(await placesOf(TEST));
const progress = openStageProgress();
const lines = ['| camera height given | alone | together | with distances |', '|---|---|---|---|'];
const engine = await engineOfEnvironment();
await withVersion(await indexOf(TEST, bundleDir), { engine }, async (region) => {
  for (const height of HEIGHTS_M) {
    const totals = { frames: 0, alone: 0, together: 0, withDistances: 0 };
    for (const walk of walks) {
      const frames: WalkFrame[] = [];
      for (const place of walk) frames.push(await frameOf(region, place, height));
      const { alone, together } = counted(frames, false);
      totals.frames += frames.length;
      totals.alone += alone;
      totals.together += together;
      totals.withDistances += counted(frames, true).together;
      progress.update(`${height} m`, totals.frames, WALKS * FRAMES);
    }
    const share = (count: number) => `${((100 * count) / totals.frames).toFixed(0)} %`;
    const { alone, together, withDistances } = totals;
    lines.push(`| ${height} m | ${share(alone)} | ${share(together)} | ${share(withDistances)} |`);
  }
}).finally(progress.stop);
process.stdout.write(`${lines.join('\n')}\n`);
