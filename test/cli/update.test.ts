// skyfix index build --part, assemble and update as they are typed, wrong use included.
import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { temporaryFolder, writeMosaic, writeTinyBundle } from '../index/fixtures.js';
import { runSkyfix } from '../support/run-cli.js';

const folder = await temporaryFolder();
const bundle = join(folder, 'bundle');
const data = ['--data', join(folder, 'data')];
const mosaic = (name: string) => join(folder, name, 'mosaic.tif');

before(async () => {
  await writeTinyBundle(bundle, 5);
  for (const name of ['old', 'new']) await mkdir(join(folder, name));
  await writeMosaic(mosaic('old'));
  await writeMosaic(mosaic('new'), 1, {
    change: (pixels) => pixels.fill(200, 3 * 400 * 150, 3 * 400 * 150 + 90),
  });
});

test('a region of parts, and newer imagery for it', async () => {
  const parts = join(folder, 'parts');
  const tiles = ['--bundle', bundle, '--imagery', mosaic('old'), '--stride-m', '15', '--threads', '1'];
  for (const part of ['2/2', '1/2', '1/2']) {
    const { status, stdout, stderr } = await runSkyfix([
      'index',
      'build',
      '--part',
      part,
      '-o',
      parts,
      ...tiles,
    ]);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /part-\d-of-2: 5[89] tiles, (made in [\d.]+ s, [\d.]+ a second|there already)/);
  }
  const names = (await readdir(parts)).filter((name) => !name.startsWith('.'));
  const whole = join(folder, 'whole');
  const given = names.map((name) => join(parts, name));
  const assembled = await runSkyfix(['index', 'assemble', ...given, '-o', whole, '--no-contact-sheet']);
  assert.match(assembled.stdout, /117 tiles of 20 m every 15 m.* assembled of 2 parts in/, assembled.stderr);
  const published = await runSkyfix(['index', 'publish', whole, '--region', 'town', ...data]);
  assert.equal(published.status, 0, published.stderr);
  const update = [
    'index',
    'update',
    '--region',
    'town',
    '--imagery',
    mosaic('new'),
    '--threads',
    '1',
    ...data,
  ];
  const updated = await runSkyfix(update);
  assert.equal(updated.status, 0, updated.stderr);
  assert.match(
    updated.stdout,
    /^town: .*117 tiles.*; [1-9] tiles changed, 0 added, 0 removed, \d+ described$/m,
  );
  assert.match(
    (await runSkyfix(['index', 'list', ...data])).stdout,
    /current .*\n {2}previous|previous .*\n {2}current/,
  );
});

test('wrong use is told', async () => {
  for (const part of ['3', '0/4', '5/4', 'a/b']) {
    const { status, stderr } = await runSkyfix(['index', 'build', '--part', part, '-o', folder]);
    assert.equal(status, 2);
    assert.match(stderr, /K-th of N parts/);
  }
  const neither = await runSkyfix(['index', 'update', '--imagery', mosaic('new')]);
  assert.equal(neither.status, 1);
  assert.match(neither.stderr, /Give either --region, or the folder of an index version and --out/);
});
