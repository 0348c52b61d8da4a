// A world's scene as one visit sees it.
import { castLight } from '../scene/cast-light.js';
import { drawFoliage } from '../scene/foliage.js';
import { paintGround } from '../scene/ground.js';
import type { LitWorld } from '../scene/lit-world.js';
import { MATERIALS } from '../scene/materials.js';
import { drawPalette, PALETTE_STRIDE } from '../scene/palette.js';
import type { Scene } from '../scene/scene.js';
import type { Visit, World } from './parameters.js';
import type { WorldStyle } from './styles.js';

/** Colours and light of a visit; `grainSeed` differs between the visits. `crowns` are those of growCrowns. */
export function lightWorld(
  scene: Scene,
  crowns: Uint16Array,
  world: World,
  style: WorldStyle,
  visit: Visit,
  grainSeed: number,
): LitWorld {
  const palette = drawPalette(world.seed, visit.growth, world.soil);
  const foliage = drawFoliage(scene, style.species, visit.growth);
  const uprights = new Float32Array(MATERIALS.length * 3);
  for (let k = 0; k < MATERIALS.length; k++) {
    uprights.set(palette.subarray(k * PALETTE_STRIDE, k * PALETTE_STRIDE + 3), k * 3);
  }
  return {
    scene,
    albedo: paintGround(scene, palette, world.seed, grainSeed),
    crowns,
    foliage,
    light: castLight(scene, crowns, foliage.open, visit.sun),
    uprights,
  };
}
