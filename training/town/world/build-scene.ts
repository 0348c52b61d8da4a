// Builds the static scene of a world: roads by its country, lots or land between them, trees.
import { drawLots } from '../layout/lots.js';
import { drawParcels } from '../layout/parcels.js';
import { drawBaseGround, drawLeftovers, drawOpenBlocks } from '../layout/parks.js';
import { makeStreets } from '../layout/streets.js';
import { drawWorldStreets, plantWorldStreetTrees } from '../layout/world-roads.js';
import { makeScene, type Scene } from '../scene/scene.js';
import { choosePlaces, type Place, townSide } from '../street/places.js';
import { paintedBy } from './country-paint.js';
import type { WorldOptions } from './options.js';
import type { World } from './parameters.js';
import type { WorldStyle } from './styles.js';

export function buildWorldScene(
  world: World,
  style: WorldStyle,
  options: WorldOptions,
): { scene: Scene; places: readonly Place[] } {
  const { seed } = options;
  const sideM = townSide(options.places, style.sideScale);
  const scene = makeScene(sideM, seed, 0.55);
  const network = makeStreets(sideM, seed, style.plan);
  const rules = paintedBy(style.roads, world.country);
  drawBaseGround(scene, network);
  drawWorldStreets(scene, network, rules, seed);
  if (!style.land) drawOpenBlocks(scene, network, seed);
  drawLots(scene, network, seed, true);
  plantWorldStreetTrees(scene, network, rules, seed);
  if (style.land) drawParcels(scene, network, style.land, seed);
  else drawLeftovers(scene, network, seed);
  return { scene, places: choosePlaces(scene, network, options, world.stance) };
}
