// What `skyfix-train styles` measures: the trunk, the geometry of its grid and the models beside each other.
import { join } from 'node:path';
import type { BundleGeometry } from 'skyfix/bundles';
import type { TrunkFile } from '../features/index.js';
import { type EfficientNetLiteName, GRID_STRIDE_PX } from '../networks/index.js';
import { DEFAULT_BLOCKS } from '../pipeline/index.js';
import { makeWorld } from '../town/index.js';
import { HEAD_MODELS, matrixModel, UNTRAINED, untrainedModel } from './style-models.js';
import { plannedWorlds } from './style-plan.js';
import type { StylesOptions, StylesSetup } from './styles.js';
import { publishedTrunk, randomTrunk } from './trunk-files.js';

/** Cells along a side of a window. */
const WINDOW_CELLS = 7;
/** Cells beyond the tile on every side of a view, for looks around the middle. */
const MARGIN_CELLS = 2;

/** Ground of 40 m at 224 px, views of 352 px. */
export const GRID_GEOMETRY: BundleGeometry = {
  tileSizeM: 40,
  inputSizePx: WINDOW_CELLS * GRID_STRIDE_PX,
  bevSizePx: 2 * WINDOW_CELLS * GRID_STRIDE_PX,
  cameraHeightM: 2.5,
  searchMarginPx: MARGIN_CELLS * GRID_STRIDE_PX,
  searchStepPx: GRID_STRIDE_PX,
};

/** Throws WEIGHTS_INVALID where the trunk was not fetched yet. */
export async function stylesSetup(
  options: StylesOptions,
  trunkName: EfficientNetLiteName,
): Promise<StylesSetup> {
  const blocks = DEFAULT_BLOCKS[trunkName];
  const dir = join(options.out, 'trunks');
  return {
    geometry: GRID_GEOMETRY,
    makeWorld,
    trunkTitle: `${trunkName} up to blocks ${blocks.join(' and ')}, ImageNet weights, frozen`,
    trunk: await publishedTrunk(trunkName, blocks, dir),
    ...modelsOf(options, GRID_GEOMETRY, (seed) => randomTrunk(trunkName, blocks, seed, dir)),
  };
}

/** The models beside each other, and their titles. */
export function modelsOf(
  options: StylesOptions,
  geometry: BundleGeometry,
  untrained: (seed: number) => Promise<TrunkFile>,
): Pick<StylesSetup, 'models' | 'titles'> {
  const worlds = plannedWorlds(options);
  const cacheDir = join(options.out, 'cache', 'features');
  return {
    titles: [...HEAD_MODELS.map(({ name, title }) => ({ name, title })), UNTRAINED],
    models: (areas) => [
      ...HEAD_MODELS.map((model) => matrixModel(model, worlds, areas, geometry)),
      untrainedModel(areas, geometry, { trunk: untrained, cacheDir, threads: options.threads }),
    ],
  };
}
