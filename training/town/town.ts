// Makes a town: scene, mosaic, panoramas, lists. Everything goes into a temporary folder that is renamed at the end.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeRng } from 'skyfix/random';
import { makeFolder, type TownProgress, type TownSummary } from './files/make-folder.js';
import { describePlace, PLACE_COLUMNS } from './files/place-row.js';
import { writeSheets } from './files/sheets.js';
import { writeTriples } from './files/sheets-triples.js';
import { writeDescription, writeMosaics } from './files/town-files.js';
import { drawLots } from './layout/lots.js';
import { paintMovables } from './layout/movables.js';
import { drawBaseGround, drawLeftovers, drawOpenBlocks } from './layout/parks.js';
import { drawStreets, plantStreetTrees } from './layout/roads.js';
import { makeStreets } from './layout/streets.js';
import { renderOverhead } from './overhead/overhead.js';
import { paintAlbedo, paintSunlight, type Season, type Sun } from './scene/light.js';
import { CAMERA_HEIGHT_M, type TownOptions } from './scene/options.js';
import { CELL_M, makeScene, type Scene } from './scene/scene.js';
import type { PanoramaJob } from './street/panorama-worker.js';
import { choosePlaces, type Place, townSide } from './street/places.js';
import { renderPlaces } from './street/render-places.js';
import type { Atmosphere } from './street/sky.js';

const SUMMER_SUN: Sun = { azimuthDeg: 142, elevationDeg: 52 };
const AUTUMN_SUN: Sun = { azimuthDeg: 232, elevationDeg: 33 };
/** How far the top of something 1 m high is displaced in the mosaic, metres: a camera 7° off nadir. */
const LEAN = { east: 0.08, north: 0.1 };
/**
 * Makes the town's folder: town.json, mosaic.tif, mosaic-test.tif, panoramas/, places.csv, area-*.geojson,
 * sheets/. The same options give the same bytes. Throws DATASET_INVALID where `out` holds something else.
 */
export async function makeTown(
  options: TownOptions,
  onProgress: TownProgress = () => {},
): Promise<TownSummary> {
  return makeFolder(options.out, (work) => fillFolder(work, options, onProgress));
}

/** Builds the static scene: ground, streets, open blocks, lots. */
export function buildScene(options: TownOptions): { scene: Scene; places: readonly Place[] } {
  const sideM = townSide(options.places);
  const scene = makeScene(sideM, options.seed);
  const network = makeStreets(sideM, options.seed);
  drawBaseGround(scene, network);
  drawStreets(scene, network, options.seed);
  drawOpenBlocks(scene, network, options.seed);
  drawLots(scene, network, options.seed, options.lookAlikes);
  plantStreetTrees(scene, network, options.seed);
  drawLeftovers(scene, network, options.seed);
  return { scene, places: choosePlaces(scene, network, options) };
}

async function fillFolder(work: string, options: TownOptions, onProgress: TownProgress) {
  onProgress('scene', 0, 1);
  const { scene, places } = buildScene(options);
  const cameras = places.map((place) => place.camera);
  onProgress('scene', 1, 1);

  // Overhead: early summer, cars where they stood that day.
  onProgress('mosaic', 0, 1);
  const undo = options.occluders
    ? paintMovables(scene, options.seed, 40, options.moved ? [] : cameras, 3.2)
    : () => {};
  const overheadSeason: Season = 'summer';
  const mosaic = renderOverhead(
    scene,
    paintAlbedo(scene, overheadSeason, options.seed, 1),
    paintSunlight(scene, SUMMER_SUN),
    {
      leanEast: options.lean ? LEAN.east : 0,
      leanNorth: options.lean ? LEAN.north : 0,
      canopies: options.canopies,
      autumn: false,
      sensor: options.sensor,
      seed: options.seed,
    },
  );
  undo();
  await writeMosaics(work, scene.sideM, { sizePx: scene.n, pixelM: CELL_M, data: mosaic });
  onProgress('mosaic', 1, 1);

  // Ground: autumn, other sun, other cars.
  if (options.occluders) paintMovables(scene, options.seed, options.moved ? 41 : 40, cameras, 3.2);
  const season: Season = options.season ? 'autumn' : 'summer';
  const sun = options.light ? AUTUMN_SUN : SUMMER_SUN;
  const lit = {
    scene,
    albedo: paintAlbedo(scene, season, options.seed, 2),
    sunlight: paintSunlight(scene, sun),
  };
  const rows: string[] = [PLACE_COLUMNS];
  const jobs = places.map((place, k): PanoramaJob => {
    const job = placeJob(place, k, options, sun, work);
    rows.push(job.row);
    return job;
  });
  await renderPlaces({ lit, widthPx: options.panoramaWidthPx }, jobs, options.workers, (done) =>
    onProgress('panoramas', done, jobs.length),
  );
  await writeFile(join(work, 'places.csv'), `${rows.join('\n')}\n`);
  const summary = await writeDescription(work, scene, places, options, {
    pixelM: CELL_M,
    cameraHeightM: CAMERA_HEIGHT_M,
  });
  await writeSheets(work, mosaic, scene.n, places);
  await writeTriples(work, places);
  return summary;
}

function placeJob(place: Place, k: number, options: TownOptions, sun: Sun, work: string) {
  const rng = makeRng(options.seed, 1000 + k);
  const { camera } = place;
  const { claim, row, file } = describePlace(place, options, rng);
  const exposure = options.light ? Math.exp(rng.normal() * 0.12) : 1;
  const warmth = options.light ? rng.normal() * 0.05 + 0.03 : 0;
  const air: Atmosphere = {
    sunAzimuthDeg: sun.azimuthDeg,
    clear: options.light ? rng.next() ** 1.3 : 1,
    gain: [1.08 * exposure * (1 + warmth), 1.04 * exposure, exposure * (1 - warmth)],
    autumn: options.season,
    noise: options.cameraNoise ? 2.5 : 0,
    seed: options.seed * 4096 + k,
  };
  return { file: join(work, file), camera, air, claim, row };
}
