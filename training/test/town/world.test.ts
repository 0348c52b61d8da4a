// Worlds: the two views agree with the geometry that serving uses, the same seed gives the same bytes, and the lists
// say what is true.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sha256OfFile } from 'skyfix/files';
import { decodePanorama } from 'skyfix/imaging';
import { makeRng } from 'skyfix/random';
import { listTown } from '../../datasets/formats/town.js';
import { DEFAULT_WORLD, makeWorld } from '../../town/index.js';
import { renderWorldOverhead } from '../../town/overhead/world-overhead.js';
import { castLight } from '../../town/scene/cast-light.js';
import { makeScene } from '../../town/scene/scene.js';
import { forRectangle } from '../../town/scene/stamp.js';
import { tilt } from '../../town/street/tilt.js';
import { renderWorldView } from '../../town/street/world-view.js';
import { drawAir } from '../../town/world/air.js';
import { drawWorld } from '../../town/world/draw-world.js';
import { lightWorld } from '../../town/world/light-world.js';
import { STYLES, type WorldStyle } from '../../town/world/styles.js';
import { assertMarksSeen, markedSquare } from '../support/marked-square.js';

const options = { ...DEFAULT_WORLD, style: 'country', out: '', seed: 7, places: 12, panoramaWidthPx: 256 };

describe('a marked square of a world', () => {
  const { scene, marks } = markedSquare();
  const style = STYLES.country as WorldStyle;
  const world = drawWorld({ ...options, light: false }, style);
  const crowns = new Uint16Array(scene.n * scene.n);
  const lit = lightWorld(scene, crowns, world, style, world.ground, 1);

  it('is seen where it is by the projection that serving uses, for any heading, pitch and roll', () => {
    for (const pose of [
      { headingDeg: 0, pitchDeg: 0, rollDeg: 0 },
      { headingDeg: 117, pitchDeg: 3, rollDeg: -2 },
    ]) {
      const { headingDeg, pitchDeg, rollDeg } = pose;
      const camera = { x: 32, y: 32, heightM: 2.5, gridHeadingDeg: headingDeg, pitchDeg, rollDeg };
      const level = renderWorldView(lit, camera, drawAir(world, makeRng(1), 1), 1024);
      assertMarksSeen(marks, tilt(level, 1024, pitchDeg, rollDeg), pose, 120);
    }
  });

  it('lies north-up in the mosaic', () => {
    const mosaic = renderWorldOverhead(lit, world.overhead.light, { east: 0.16, north: 0.2 }, true);
    const at = (east: number, north: number): number =>
      mosaic[((255 - Math.floor((32 + north) * 4)) * 256 + Math.floor((32 + east) * 4)) * 3] as number;
    for (const [east, north] of marks) assert.ok(at(east, north) > at(-east, -north) + 60);
  });
});

describe('light of a world', () => {
  it('casts shadows as long as the tangent says, away from the sun', () => {
    const scene = makeScene(64, 1);
    forRectangle(scene, { x: 32, y: 32 }, 0, 1, 1, (cell) => {
      scene.height[cell] = 800;
    });
    const none = new Uint16Array(scene.n * scene.n);
    for (const [azimuthDeg, elevationDeg] of [
      [180, 45],
      [225, 30],
      [90, 40],
    ] as const) {
      const { ground } = castLight(scene, none, new Float32Array(1), { azimuthDeg, elevationDeg });
      const away = ((azimuthDeg + 180) * Math.PI) / 180;
      const length = 8 / Math.tan((elevationDeg * Math.PI) / 180);
      const lightAt = (m: number): number =>
        ground[
          Math.floor((32 + m * Math.cos(away)) * 4) * scene.n + Math.floor((32 + m * Math.sin(away)) * 4)
        ] as number;
      assert.equal(lightAt(length - 0.5), 0, `azimuth ${azimuthDeg}, elevation ${elevationDeg}`);
      assert.equal(lightAt(length + 2.2), 255);
      assert.equal(lightAt(-2.5), 255);
    }
  });
});

describe('a tiny world', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'world-'));
    await makeWorld({ ...options, out: join(folder, 'a') });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is the same bytes for the same seed, with another number of workers', async () => {
    await makeWorld({ ...options, workers: 1, out: join(folder, 'b') });
    const names = (await readdir(join(folder, 'a'), { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile(),
    );
    assert.ok(names.length > 12 + 8);
    for (const entry of names) {
      const path = join(entry.parentPath, entry.name);
      const twin = join(folder, 'b', path.slice(join(folder, 'a').length));
      assert.equal(await sha256OfFile(twin), await sha256OfFile(path), path);
    }
  });

  it('says in its lists what its cameras were and what its files show', async () => {
    const town = JSON.parse(await readFile(join(folder, 'a', 'town.json'), 'utf8'));
    const listing = await listTown(join(folder, 'a'), ['train', 'validation', 'test']);
    assert.equal(listing.pairs.length, 12);
    assert.equal(listing.ground.cameraHeightM, town.world.stance.heightM);
    const [header = '', ...rows] = (await readFile(join(folder, 'a', 'places.csv'), 'utf8'))
      .trim()
      .split('\n');
    const columns = header.split(',');
    for (const row of rows) {
      const cell = (name: string): string => row.split(',')[columns.indexOf(name)] as string;
      const { pose, window } = await decodePanorama(await readFile(join(folder, 'a', cell('file'))), {});
      assert.ok(Math.abs(pose.pitchDeg - Number(cell('pitchDeg'))) < 1 && Math.abs(pose.pitchDeg) < 4);
      assert.ok(Math.abs(Number(cell('cameraHeightM')) / town.world.stance.heightM - 1) < 0.15);
      const verticalDeg = (180 * window.heightPx) / window.fullHeightPx;
      assert.ok(Math.abs(verticalDeg - Number(cell('verticalFovDeg'))) < 0.01, `${verticalDeg}`);
    }
  });

  it('refuses a style that there is not', async () => {
    await assert.rejects(makeWorld({ ...options, style: 'moon', out: join(folder, 'c') }), {
      code: 'DATASET_INVALID',
      message: /"moon".*country.*suburb.*city/,
    });
  });
});
