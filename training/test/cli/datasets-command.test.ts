// The town as a data set, what "skyfix-train dataset" prints, and its contact sheet.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decodeImage } from 'skyfix/imaging';
import { openDataset } from '../../datasets/index.js';
import { DEFAULT_TOWN, makeTown } from '../../town/index.js';
import { writeCvusa, writeOwnData, writeVigor } from '../support/dataset-fixtures.js';

const BIN = fileURLToPath(new URL('../../../../bin/skyfix-train.js', import.meta.url));

function dataset(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, 'dataset', ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('skyfix-train dataset', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skyfix-dataset-command-'));
    await makeTown({
      ...DEFAULT_TOWN,
      seed: 5,
      places: 6,
      panoramaWidthPx: 256,
      workers: 1,
      out: join(folder, 'town'),
    });
    await writeCvusa(join(folder, 'cvusa'));
    await writeOwnData(join(folder, 'own'));
    await writeVigor(join(folder, 'vigor'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  it('prints pairs, splits, sizes, the bounding box and what was dropped', async () => {
    const root = join(folder, 'cvusa');
    const sheet = join(folder, 'sheet.png');
    const good = dataset('--format', 'cvusa', '--root', root, '--check-images', '--contact-sheet', sheet);
    assert.equal(good.status, 0, good.stderr);
    assert.match(good.stdout, /pairs +4 \(train 3 of 35532 published, validation 1 of 8884 published\)/);
    assert.match(good.stdout, /tiles +4 in the gallery, 0 of them in no pair/);
    assert.match(good.stdout, /panorama size +88x16 px \(4\)/);
    assert.match(good.stdout, /tile size +30x30 px \(4\)/);
    assert.match(good.stdout, /field of view 360 x 65\.45 degrees, horizon at 0\.585, where no file says it/);
    assert.match(good.stdout, /camera 2\.9 m above the ground/);
    assert.match(good.stdout, /192\.0, 189\.9, 187\.8, 185\.7 m on the ground/);
    assert.match(good.stdout, /bounding box +-84\.500000, 31\.000000, -81\.000000, 34\.500000/);
    assert.match(good.stdout, /dropped +0/);
    const told = dataset('--format', 'cvusa', '--root', root, '--field-of-view', '360,90,0.4');
    assert.match(told.stdout, /field of view 360 x 90 degrees, horizon at 0\.4, where no file says it/);
    assert.doesNotMatch(told.stdout, /65\.45/);
    for (const wrong of ['90', '360,90,0.4,1', '360,', '360,200', '360,100,0.95']) {
      const { status, stderr } = dataset('--format', 'cvusa', '--root', root, '--field-of-view', wrong);
      assert.ok(status !== 0 && stderr.includes(`not "${wrong}"`), stderr);
    }
    const { widthPx, heightPx } = await decodeImage(await readFile(sheet));
    assert.deepEqual([widthPx, heightPx], [512 + 3 * 260, 4 * 260 - 4]);
    const bad = join(folder, 'bad');
    await writeCvusa(bad);
    await rm(join(bad, 'bingmap/19/0000001.jpg'));
    await writeFile(join(bad, 'bingmap/19/0000002.jpg'), 'nothing');
    const refused = dataset('--format', 'cvusa', '--root', bad, '--check-images');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /missing-file 1, unreadable-image 1/);
    const dropped = dataset(
      ...['--format', 'cvusa', '--root', bad, '--check-images', '--drop-invalid', '--split', 'train'],
    );
    assert.equal(dropped.status, 0, dropped.stderr);
    assert.match(dropped.stdout, /pairs +1 \(train 1/);
    assert.match(dropped.stdout, /dropped +2: missing-file 1, unreadable-image 1\n.*train-19zl\.csv line 1/);
  });

  it('tells semi-positives, lone tiles and lone panoramas', () => {
    const vigor = dataset('--format', 'vigor', '--root', join(folder, 'vigor'), '--area', 'cross');
    assert.match(vigor.stdout, /20 in the gallery, 4 of them in no pair, 3\.0 semi-positives a pair/);
    assert.match(vigor.stdout, /tile size .* 72\.4, 64\.5, 75\.6, 71\.2 m on the ground/);
    const own = dataset('--format', 'csv', '--root', join(folder, 'own'));
    assert.match(own.stdout, /panoramas +1 without a tile/);
    assert.match(own.stdout, /place of 2 and heading of 1 of 3 panoramas/);
  });

  it('refuses wrong usage', () => {
    assert.equal(dataset('--format', 'kitti', '--root', folder).status, 2);
    assert.equal(dataset('--format', 'csv').status, 2);
    assert.equal(dataset('--config', 'run.yaml', '--format', 'csv').status, 2);
    assert.equal(dataset('--format', 'csv', '--root', folder, '--split', 'exam').status, 2);
    assert.equal(dataset('--format', 'csv', '--root', join(folder, 'none')).status, 1);
  });

  it('opens a town: true places, headings, and tiles cut from the mosaic', async () => {
    const root = join(folder, 'town');
    const town = await openDataset({ format: 'town', root, checkImages: true });
    const rows = (await readFile(join(root, 'places.csv'), 'utf8')).trim().split('\n').slice(1);
    assert.deepEqual(
      town.pairs.map(({ id, split, location, headingDeg }) => [id, split, location?.lon, headingDeg]),
      rows.map((row) => {
        const [id, , split, lon, , heading] = row.split(',');
        return [id, split, Number(lon), Number(heading)];
      }),
    );
    assert.deepEqual(town.ground, { cameraHeightM: 2.5 });
    const list = await readFile(join(root, 'places.csv'), 'utf8');
    await writeFile(join(root, 'places.csv'), `\uFEFF${list.trim().replaceAll('\n', '\r\n')}`);
    assert.deepEqual((await openDataset({ format: 'town', root })).pairs, town.pairs);
    await writeFile(join(root, 'places.csv'), list);
    const sheet = join(folder, 'town.png');
    const told = dataset('--format', 'town', '--root', root, '--contact-sheet', sheet);
    assert.equal(told.status, 0, told.stderr);
    assert.match(told.stdout, /panorama size +256x128 px \(6\)/);
    assert.match(told.stdout, /tile size +cut from a mosaic; 64\.0 m on the ground/);
    const { data } = await decodeImage(await readFile(sheet));
    assert.ok(new Set(data).size > 100);
    // The same by a run's configuration, which says another camera height.
    const config = join(folder, 'run.yaml');
    const source = `{ format: town, root: ${root}, make: null }`;
    await writeFile(config, `preset: town\ndata: { source: ${source} }\ngeometry: { cameraHeightM: 1.5 }\n`);
    const fitted = dataset('--config', config, '--fit-geometry', '--fit-pairs', '6');
    assert.equal(fitted.status, 0, fitted.stderr);
    assert.match(fitted.stdout, /configured +fitted +95 %\ncamera height, m +1\.5 +\d/);
    assert.match(fitted.stdout, /^6 pairs; BEV and tile correlate/m);
    assert.match(fitted.stderr, /warning: (The camera stands|Nothing certain)/);
    const file = rows[0]?.split(',')[1] ?? '';
    await rm(join(root, file));
    await assert.rejects(openDataset({ format: 'town', root }), /places\.csv line 2.*missing-file/s);
    const dropped = await openDataset({ format: 'town', root, dropInvalid: true });
    assert.equal(dropped.pairs.length, rows.length - 1);
    await writeFile(
      join(root, 'places.csv'),
      `${(await readFile(join(root, 'places.csv'), 'utf8')).trim()}\n${rows[1]}\n`,
    );
    await assert.rejects(openDataset({ format: 'town', root, dropInvalid: false }), /duplicate-id 1/);
    await rm(join(root, 'mosaic.tif'));
    await assert.rejects(openDataset({ format: 'town', root }), { code: 'DATASET_INVALID' });
  });
});
