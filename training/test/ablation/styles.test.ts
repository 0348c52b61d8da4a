// The matrices of styles: what is fitted on what, a tiny one run to its page, and what a second run measures again.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { TUNED } from '../../ablation/style-models.js';
import { plannedFits, plannedWorlds, worldsOfFit } from '../../ablation/style-plan.js';
import { measureStyles, type StylesOptions, type StylesSetup } from '../../ablation/styles.js';
import { GRID_GEOMETRY, modelsOf } from '../../ablation/styles-setup.js';
import { randomTrunk } from '../../ablation/trunk-files.js';
import { loadRunConfig } from '../../config/index.js';
import type { StylesResult } from '../../report/index.js';
import { DEFAULT_TOWN, makeTown, type makeWorld } from '../../town/index.js';

describe('the plan', () => {
  const options = { styles: ['a', 'b', 'c'], seeds: 3, testPlaces: 350, trainPlaces: 120 };
  const worlds = plannedWorlds(options);

  it('has a test world and three training worlds a style, of which a fit sees two with all its places', () => {
    assert.equal(worlds.length, 3 * (1 + 3));
    assert.equal(new Set(worlds.map(({ name }) => name)).size, worlds.length);
    const seeds = worlds.map(({ style, seed }) => `${style} ${seed}`);
    assert.equal(new Set(seeds).size, worlds.length, 'no two worlds of a style have one seed');
    for (const fit of plannedFits(options)) {
      const seen = worldsOfFit(worlds, fit);
      assert.ok(seen.every(({ role, style }) => role === 'training' && fit.fittedOn.includes(style)));
      const places = seen.reduce((sum, world) => sum + world.places, 0);
      assert.equal(places, 120 * fit.fittedOn.length);
    }
  });
  it('leaves each style out once a seed, and every seed leaves another training world out', () => {
    const left = plannedFits(options).filter(({ protocol }) => protocol === 'leave-one-out');
    assert.deepEqual(
      left.map(({ seed, testedOn, fittedOn }) => `${seed} ${fittedOn.join('')}:${testedOn.join('')}`),
      ['1 bc:a', '1 ac:b', '1 ab:c', '2 bc:a', '2 ac:b', '2 ab:c', '3 bc:a', '3 ac:b', '3 ab:c'],
    );
    const seen = [1, 2, 3].map((seed) =>
      worldsOfFit(worlds, { seed, fittedOn: ['a'] }).map(({ name }) => name),
    );
    assert.deepEqual(seen, [
      ['a-2', 'a-3'],
      ['a-1', 'a-3'],
      ['a-1', 'a-2'],
    ]);
  });
  it('a single seed sees the one training world that there is', () => {
    const one = { ...options, seeds: 1 };
    const seen = worldsOfFit(plannedWorlds(one), { seed: 1, fittedOn: ['b'] });
    assert.deepEqual(
      seen.map(({ name, places }) => `${name} ${places}`),
      ['b-1 120'],
    );
    assert.deepEqual(
      plannedFits({ ...one, styles: ['a'] }).map(({ protocol }) => protocol),
      ['one-style'],
    );
  });
});

it('the tuned head of the matrix is the one that the preset general makes', async () => {
  const { geometry, networks, stage3 } = await loadRunConfig('general');
  const { channels, regularisation, falloff, tune } = stage3.head ?? assert.fail('it fits no head');
  assert.deepEqual(TUNED.fit, { channels, regularisation, falloff });
  assert.equal(networks.encoder.projection, undefined);
  const { turns: _, ...steps } = tune ?? assert.fail('it tunes no head');
  assert.deepEqual(TUNED.tune, { ...steps, samePlaceM: geometry.tileSizeM / 2 });
  const { cameraHeightsM: _heights, ...ground } = geometry;
  assert.deepEqual(GRID_GEOMETRY, ground);
});

const GEOMETRY = {
  tileSizeM: 40,
  inputSizePx: 64,
  bevSizePx: 64,
  cameraHeightM: 2.5,
  searchMarginPx: 64,
  searchStepPx: 32,
};

describe('a tiny matrix', () => {
  let root = '';
  let options: StylesOptions;
  let setup: StylesSetup;
  let fits: string[] = [];

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'skyfix-styles-'));
    const town = join(root, 'town');
    await makeTown({ ...DEFAULT_TOWN, seed: 3, places: 12, panoramaWidthPx: 256, workers: 2, out: town });
    options = {
      styles: ['town', 'dry'],
      seeds: 1,
      testPlaces: 12,
      trainPlaces: 12,
      out: join(root, 'out'),
      report: join(root, 'docs'),
      gridStrideM: 40,
      panoramaWidthPx: 256,
      threads: 2,
      command: 'npx skyfix-train styles',
    };
    const trunk = (seed: number) => randomTrunk('efficientnet-lite0', [1, 3], seed, join(root, 'trunks'));
    const { models, titles } = modelsOf(options, GEOMETRY, (seed) => trunk(100 + seed));
    setup = {
      geometry: GEOMETRY,
      makeWorld: copyOf(town),
      trunkTitle: 'a random trunk',
      trunk: await trunk(1),
      titles,
      models: (areas) =>
        models(areas).map((model) => ({
          ...model,
          fit: (fit) => {
            fits.push(`${model.name} ${fit.protocol} ${fit.fittedOn.join()}`);
            return model.fit(fit);
          },
        })),
    };
  });
  after(() => rm(root, { recursive: true, force: true }));

  /** Every world is the same town, under the options that it was asked for. */
  function copyOf(town: string): typeof makeWorld {
    return async ({ out, style, seed, places, panoramaWidthPx }) => {
      await cp(town, out, { recursive: true });
      const path = join(out, 'town.json');
      const described = JSON.parse(await readFile(path, 'utf8'));
      await writeFile(
        path,
        JSON.stringify({ ...described, options: { style, seed, places, panoramaWidthPx } }),
      );
      return { out, sideM: 512, counts: {}, seconds: 0 };
    };
  }

  const resultOf = async (): Promise<StylesResult> =>
    JSON.parse(await readFile(join(options.report, 'styles/styles.json'), 'utf8'));

  it('measures every model on every style and writes the page', async () => {
    const page = await measureStyles(options, setup);
    const { cells, worlds } = await resultOf();
    const of = (protocol: string, model: string) =>
      cells.filter((cell) => cell.protocol === protocol && cell.model === model);
    for (const model of ['training-free', 'fitted']) {
      assert.deepEqual(
        of('leave-one-out', model).map(({ fittedOn, testedOn }) => `${fittedOn.join()}:${testedOn}`),
        ['dry:town', 'town:dry'],
      );
      assert.equal(of('one-style', model).length, 4);
      assert.ok(of('leave-one-out', model).every(({ grid }) => grid && grid.gallery > 12));
      assert.ok(of('one-style', model).every(({ grid }) => grid === undefined));
      // Both styles are one town: a fit on one is a fit on the other.
      const [first, ...others] = of('one-style', model).map(({ paired }) => paired);
      for (const other of others) assert.deepEqual(other, first);
    }
    assert.equal(of('leave-one-out', 'untrained').length, 2);
    assert.equal(of('one-style', 'untrained').length, 0);
    assert.ok(cells.every(({ paired }) => paired.queries === 12 && paired.gallery === 12));
    assert.deepEqual(
      worlds.map(({ role }) => role),
      ['test', 'test', 'training', 'training'],
    );
    const text = await readFile(page, 'utf8');
    assert.match(text, /\| unseen style \| training-free grid \|/);
    for (const { sheet, role } of worlds) {
      if (role === 'training') continue;
      assert.ok((await stat(join(options.report, 'styles', sheet ?? ''))).size < 150_000);
    }
  });

  it('measures nothing again, and only what is missing', async () => {
    const before = await resultOf();
    fits = [];
    await measureStyles(options, setup);
    assert.deepEqual(fits, []);
    assert.deepEqual(await resultOf(), before);
    const dir = join(options.out, 'cells');
    for (const name of await readdir(dir)) {
      const { protocol, model, testedOn } = JSON.parse(await readFile(join(dir, name), 'utf8'));
      if (protocol === 'one-style' && model === 'fitted' && testedOn === 'dry') await rm(join(dir, name));
    }
    await measureStyles(options, setup);
    assert.deepEqual(fits, ['fitted one-style town', 'fitted one-style dry']);
    assert.deepEqual(await resultOf(), before);
  });

  it('makes a world again that was asked for with other options', async () => {
    const made: string[] = [];
    const make: typeof makeWorld = (world, progress) => {
      made.push(world.style);
      return setup.makeWorld(world, progress);
    };
    await measureStyles(options, { ...setup, makeWorld: make });
    assert.deepEqual(made, []);
    await measureStyles({ ...options, styles: ['town'], testPlaces: 11 }, { ...setup, makeWorld: make });
    assert.deepEqual(made, ['town']);
  });
});
