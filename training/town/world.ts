// Makes a world: the same files as a town's, with what was drawn for it in town.json.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';
import { makeRng } from 'skyfix/random';
import { makeFolder, type TownProgress, type TownSummary } from './files/make-folder.js';
import { describePlace, PLACE_COLUMNS } from './files/place-row.js';
import { writeDescription, writeMosaics } from './files/town-files.js';
import { writeWorldSheets } from './files/world-sheets.js';
import { paintMovables } from './layout/movables.js';
import { sense } from './overhead/sensor.js';
import { renderWorldOverhead } from './overhead/world-overhead.js';
import { growCrowns } from './scene/crowns.js';
import { PLAIN_CAR_MATERIALS } from './scene/materials.js';
import { DEFAULT_TOWN } from './scene/options.js';
import type { WorldJob } from './street/panorama-worker.js';
import type { Place } from './street/places.js';
import { renderPlaces } from './street/render-places.js';
import { makeTown } from './town.js';
import { drawAir } from './world/air.js';
import { buildWorldScene } from './world/build-scene.js';
import { drawWorld } from './world/draw-world.js';
import { lightWorld } from './world/light-world.js';
import type { WorldOptions } from './world/options.js';
import type { World } from './world/parameters.js';
import { STYLE_NAMES, STYLES, TOWN_STYLE, type WorldStyle } from './world/styles.js';

/** Free of cars around a camera. */
const CLEAR_M = 4.6;

/**
 * Makes the world's folder: what makeTown writes, and "world" in town.json. The style "town" is makeTown's town, bit
 * for bit. The same options give the same bytes. Throws DATASET_INVALID for a style that there is not, and where
 * `out` holds something else.
 */
export async function makeWorld(
  options: WorldOptions,
  onProgress: TownProgress = () => {},
): Promise<TownSummary> {
  if (options.style === TOWN_STYLE) {
    const {
      style: _style,
      camera: _camera,
      nadir: _nadir,
      strips: _strips,
      spread: _spread,
      ...shared
    } = options;
    return makeTown({ ...DEFAULT_TOWN, ...shared }, onProgress);
  }
  const style = STYLES[options.style];
  if (style === undefined) {
    throw new SkyfixError(
      'DATASET_INVALID',
      `There is no style "${options.style}" of worlds; the styles are ${STYLE_NAMES.join(', ')}.`,
    );
  }
  return makeFolder(options.out, (work) => fillWorld(work, options, style, onProgress));
}

async function fillWorld(work: string, options: WorldOptions, style: WorldStyle, onProgress: TownProgress) {
  onProgress('scene', 0, 1);
  const world = drawWorld(options, style);
  const { seed } = options;
  const { scene, places } = buildWorldScene(world, style, options);
  const crowns = growCrowns(scene, seed);
  const cameras = places.map(({ camera }) => camera);
  onProgress('scene', 1, 1);

  onProgress('mosaic', 0, 1);
  const undo = options.occluders
    ? paintMovables(scene, seed, 40, options.moved ? [] : cameras, CLEAR_M, PLAIN_CAR_MATERIALS)
    : () => {};
  const above = lightWorld(scene, crowns, world, style, world.overhead, 1);
  const seen = renderWorldOverhead(above, world.overhead.light, world.lean, options.canopies);
  undo();
  const mosaic = await sense(seen, scene.n, scene.sideM, world.sensor, seed);
  await writeMosaics(work, scene.sideM, mosaic, world.sensor.jpegQuality);
  onProgress('mosaic', 1, 1);

  if (options.occluders)
    paintMovables(scene, seed, options.moved ? 41 : 40, cameras, CLEAR_M, PLAIN_CAR_MATERIALS);
  const lit = lightWorld(scene, crowns, world, style, world.ground, 2);
  const rows: string[] = [`${PLACE_COLUMNS},verticalFovDeg,horizonShare`];
  const jobs = places.map((place, k): WorldJob => {
    const { row, ...job } = worldJob(place, k, options, world, work);
    rows.push(row);
    return job;
  });
  await renderPlaces({ lit, widthPx: options.panoramaWidthPx }, jobs, options.workers, (done) =>
    onProgress('panoramas', done, jobs.length),
  );
  await writeFile(join(work, 'places.csv'), `${rows.join('\n')}\n`);
  const summary = await writeDescription(work, scene, places, options, {
    pixelM: mosaic.pixelM,
    cameraHeightM: world.stance.heightM,
    world,
  });
  await writeWorldSheets(work, mosaic, places);
  return summary;
}

function worldJob(
  place: Place,
  k: number,
  options: WorldOptions,
  world: World,
  work: string,
): WorldJob & { row: string } {
  const rng = makeRng(options.seed, 1000 + k);
  // Stitched panoramas keep within 3 degrees of level.
  const level = (deg: number): number => Math.min(Math.max(deg, -3), 3);
  const camera = {
    ...place.camera,
    pitchDeg: level(place.camera.pitchDeg),
    rollDeg: level(place.camera.rollDeg),
  };
  const { claim, row, file } = describePlace({ ...place, camera }, options, rng);
  const exposure = Math.exp(rng.normal() * world.exposureSpread);
  const warmth = rng.normal() * world.tintSpread;
  const { gains } = world.camera;
  const rows = keptRows(world, options.panoramaWidthPx);
  const { verticalFovDeg, horizonShare } = rows;
  return {
    file: join(work, file),
    camera,
    claim,
    air: drawAir(world, rng, options.seed * 4096 + k),
    ground: {
      ...world.camera,
      gains: [gains[0] * exposure * (1 + warmth), gains[1] * exposure, gains[2] * exposure * (1 - warmth)],
    },
    kept: { quality: world.jpegQuality, rows: { top: rows.top, count: rows.count } },
    row: `${row},${verticalFovDeg.toFixed(3)},${horizonShare.toFixed(4)}`,
  };
}

/** The rows of the sphere that a world's view has, and the field of view that whole rows make of it. */
function keptRows(world: World, widthPx: number) {
  const all = widthPx / 2;
  const { verticalFovDeg, horizonShare } = world.view;
  const count = Math.min(all, Math.round((verticalFovDeg / 180) * all));
  const top = Math.min(Math.max(0, Math.round(all / 2 - horizonShare * count)), all - count);
  return { top, count, verticalFovDeg: (180 * count) / all, horizonShare: (all / 2 - top) / count };
}
