// skyfix-train styles: worlds of every style, their features, every fit on every style that it is tested on, and the page of
// what came out. Everything is kept on the way: the same command goes on where it was stopped.
import { join } from 'node:path';
import type { BundleGeometry } from 'skyfix/bundles';
import { sha256OfBytes } from 'skyfix/files';
import type { TrunkFile } from '../features/index.js';
import {
  type StyleModelName,
  type StylesResult,
  type StyleWorld,
  styleFolder,
  writeStylesPage,
} from '../report/index.js';
import { turnedStores } from '../stages/index.js';
import type { FeatureStore } from '../stores/index.js';
import { type makeWorld, REAL_PLACES, worldStatistics } from '../town/index.js';
import { kept } from './kept.js';
import { type AreaOptions, openArea, type StyleArea } from './style-areas.js';
import { type MatrixModel, measureCells } from './style-cells.js';
import {
  type PlannedFit,
  type PlannedWorld,
  plannedFits,
  plannedWorlds,
  type StylePlanOptions,
  worldsOfFit,
} from './style-plan.js';
import { smallSheet } from './style-sheets.js';
import { makeWorldOnce } from './style-worlds.js';

export interface StylesOptions extends StylePlanOptions {
  /** Folder of worlds, features and cells. */
  readonly out: string;
  /** Folder of the page. */
  readonly report: string;
  readonly gridStrideM: number;
  readonly panoramaWidthPx: number;
  readonly threads: number;
  /** As a person types it, for the page. */
  readonly command: string;
}

/** What is measured, beside the worlds. */
export interface StylesSetup {
  readonly geometry: BundleGeometry;
  /** What the features are made by, in words. */
  readonly trunkTitle: string;
  readonly trunk: TrunkFile;
  readonly makeWorld: typeof makeWorld;
  /** The models, given the areas by the names of their worlds. */
  readonly models: (areas: ReadonlyMap<string, StyleArea>) => readonly MatrixModel[];
  readonly titles: readonly StyleModelName[];
}

export type Say = (what: string, done: number, total: number) => void;

/** Measures what is missing and writes the page; returns its path. Throws what making worlds, features and fits throws. */
export async function measureStyles(
  options: StylesOptions,
  setup: StylesSetup,
  say: Say = () => {},
): Promise<string> {
  const worlds = plannedWorlds(options);
  const areas = new Map<string, StyleArea>();
  const shown: StyleWorld[] = [];
  try {
    for (const [k, world] of worlds.entries()) {
      const own = `${world.name} (${k + 1} of ${worlds.length})`;
      const tell: Say = (what, done, total) => say(`${own}: ${what}`, done, total);
      const { area, note } = await openWorld(world, options, setup, tell);
      areas.set(world.name, area);
      shown.push(note);
    }
    const fits = plannedFits(options);
    const cells = await measureCells(setup.models(areas), fits, {
      dir: join(options.out, 'cells'),
      digestOf: (fit, testedOn) => digestOfCell(worlds, areas, fit, testedOn),
      onCell: (done, total) => say('cells', done, total),
    });
    const { command, gridStrideM } = options;
    const result: StylesResult = {
      schema: 'skyfix-styles/1',
      command,
      trunk: setup.trunkTitle,
      gridStrideM,
      models: setup.titles,
      worlds: shown,
      cells,
    };
    return await writeStylesPage(options.report, result, REAL_PLACES);
  } finally {
    for (const area of areas.values()) closeArea(area);
  }
}

async function openWorld(
  world: PlannedWorld,
  options: StylesOptions,
  { geometry, trunk, makeWorld: make }: StylesSetup,
  tell: Say,
): Promise<{ readonly area: StyleArea; readonly note: StyleWorld }> {
  const { out, report, gridStrideM, panoramaWidthPx, threads } = options;
  const making = { dir: join(out, 'worlds'), panoramaWidthPx, workers: threads, make };
  const folder = await makeWorldOnce(world, making, tell);
  const areaOptions: AreaOptions = {
    cacheDir: join(out, 'cache'),
    geometry,
    gridStrideM,
    threads,
    onProgress: tell,
  };
  const area = await openArea(world, folder, trunk, areaOptions);
  const { name, style, role, seed } = world;
  const note = { name, style, role, seed, places: area.area.ids.length };
  if (role === 'training') return { area, note };
  const sheet = `${style}.jpg`;
  await smallSheet(join(folder, 'sheets', 'triples.png'), join(styleFolder(report), sheet));
  const path = join(out, 'cache', 'statistics', `${area.area.digest}.json`);
  const statistics = await kept(path, () => worldStatistics(folder));
  return { area, note: { ...note, statistics, sheet } };
}

/** Of everything that a cell's figures come from, beside the model. */
function digestOfCell(
  worlds: readonly PlannedWorld[],
  areas: ReadonlyMap<string, StyleArea>,
  fit: PlannedFit,
  testedOn: string,
): string {
  const of = ({ name }: PlannedWorld) => {
    const found = areas.get(name);
    return found && storesOf(found).map(({ digest }) => digest);
  };
  const tests = worlds.filter(({ role, style }) => role === 'test' && style === testedOn);
  return sha256OfBytes(JSON.stringify([...worldsOfFit(worlds, fit), ...tests].map(of)));
}

/** The features of an area. */
function storesOf({ views, tiles, grid, changed, turned }: StyleArea): readonly FeatureStore[] {
  return [
    views,
    tiles,
    ...(grid ? [grid] : []),
    ...(changed ? [changed.views, changed.tiles] : []),
    ...turnedStores(turned),
  ];
}

function closeArea(own: StyleArea): void {
  const { bevs, tiles, gallery, grid } = own.area;
  for (const store of [...storesOf(own), bevs, tiles, gallery, grid?.images]) store?.close();
}
