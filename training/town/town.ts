// Makes a town: scene, mosaic, panoramas, lists. Everything goes into a temporary folder that is renamed at the end.
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { messageOf, SkyfixError } from 'skyfix/errors';
import { temporaryNameFor } from 'skyfix/files';
import { makeRng } from 'skyfix/random';
import { drawLots } from './layout/lots.js';
import { paintMovables } from './layout/movables.js';
import { drawBaseGround, drawLeftovers, drawOpenBlocks } from './layout/parks.js';
import { drawStreets, plantStreetTrees } from './layout/roads.js';
import { makeStreets } from './layout/streets.js';
import { convergenceDeg, toLonLat } from './overhead/georeference.js';
import { renderOverhead } from './overhead/overhead.js';
import { paintAlbedo, paintSunlight, type Season, type Sun } from './scene/light.js';
import type { TownOptions } from './scene/options.js';
import { makeScene, type Scene } from './scene/scene.js';
import { writeSheets } from './sheets.js';
import { writeTriples } from './sheets-triples.js';
import type { PanoramaJob } from './street/panorama-worker.js';
import { choosePlaces, type Place, townSide } from './street/places.js';
import { renderPlaces } from './street/render-places.js';
import type { Atmosphere } from './street/sky.js';
import { writeDescription, writeMosaics } from './town-files.js';

/** Progress: what is being done, how much of it is done. */
export type TownProgress = (step: string, done: number, total: number) => void;

export interface TownSummary {
  readonly out: string;
  readonly sideM: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly seconds: number;
}

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
  const started = Date.now();
  const out = resolve(options.out);
  await refuseForeignFolder(out);
  const work = temporaryNameFor(out);
  try {
    await mkdir(join(work, 'panoramas'), { recursive: true });
    const summary = await fillFolder(work, options, onProgress);
    await mkdir(dirname(out), { recursive: true });
    await rm(out, { recursive: true, force: true });
    await rename(work, out);
    return { out, ...summary, seconds: (Date.now() - started) / 1000 };
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw error;
  }
}

async function refuseForeignFolder(out: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(out);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new SkyfixError(
      'DATASET_INVALID',
      `${out} cannot be used as a town's folder: ${messageOf(error)}.`,
    );
  }
  if (names.length > 0 && !names.includes('town.json')) {
    throw new SkyfixError(
      'DATASET_INVALID',
      `${out} holds files that are not a town; choose another folder.`,
    );
  }
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
  await writeMosaics(work, scene, mosaic);
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
  const rows: string[] = [
    'id,file,split,lon,lat,headingDeg,pitchDeg,rollDeg,cameraHeightM,gpsLon,gpsLat,metaHeadingDeg,district',
  ];
  const jobs = places.map((place, k): PanoramaJob => {
    const job = placeJob(place, k, options, sun, work);
    rows.push(job.row);
    return job;
  });
  await renderPlaces({ lit, widthPx: options.panoramaWidthPx }, jobs, options.workers, (done) =>
    onProgress('panoramas', done, jobs.length),
  );
  await writeFile(join(work, 'places.csv'), `${rows.join('\n')}\n`);
  const summary = await writeDescription(work, scene, places, options);
  await writeSheets(work, mosaic, scene.n, places);
  await writeTriples(work, places);
  return summary;
}

function placeJob(place: Place, k: number, options: TownOptions, sun: Sun, work: string) {
  const rng = makeRng(options.seed, 1000 + k);
  const { camera } = place;
  const file = `panoramas/${place.id}.jpg`;
  const { lon, lat } = toLonLat(camera.x, camera.y);
  const gpsError = options.gpsError ? 3 / Math.SQRT2 : 0;
  const gps = toLonLat(camera.x + rng.normal() * gpsError, camera.y + rng.normal() * gpsError);
  const convergence = convergenceDeg(camera.x, camera.y);
  const poseError = options.poseError ? 1 : 0;
  const heading = wrap(camera.gridHeadingDeg + convergence);
  const claim = {
    headingDeg: wrap(heading + rng.normal() * 0.5 * poseError),
    pitchDeg: camera.pitchDeg + rng.normal() * 0.2 * poseError,
    rollDeg: camera.rollDeg + rng.normal() * 0.2 * poseError,
    ...gps,
  };
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
  const row = [
    place.id,
    file,
    place.split,
    lon.toFixed(8),
    lat.toFixed(8),
    heading.toFixed(3),
    camera.pitchDeg.toFixed(3),
    camera.rollDeg.toFixed(3),
    camera.heightM.toFixed(4),
    gps.lon.toFixed(8),
    gps.lat.toFixed(8),
    claim.headingDeg.toFixed(2),
    place.district,
  ].join(',');
  return { file: join(work, file), camera, air, claim, row };
}

const wrap = (deg: number): number => ((deg % 360) + 360) % 360;
