// What "skyfix-train world" prints, writes and refuses; its town is the town of "skyfix-train town".
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sha256OfFile } from 'skyfix/files';
import { decodeImage } from 'skyfix/imaging';
import { DEFAULT_TOWN, makeTown } from '../../town/index.js';

const BIN = fileURLToPath(new URL('../../../../bin/skyfix-train.js', import.meta.url));

function world(...args: readonly string[]) {
  return spawnSync(process.execPath, [BIN, 'world', ...args], { encoding: 'utf8' });
}

describe('skyfix-train world', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skyfix-world-command-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('makes the town of the same seed bit for bit, with a contact sheet, and measures it', async () => {
    const out = join(folder, 'town');
    const small = ['--seed', '3', '--places', '4', '--panorama-width-px', '256'];
    const sheet = join(folder, 'sheet.jpg');
    const made = world('--style', 'town', ...small, '--out', out, '--contact-sheet', sheet);
    assert.equal(made.status, 0, made.stderr);
    assert.match(made.stdout, /places in 512 m x 512 m/);
    assert.ok((await decodeImage(await readFile(sheet), {})).widthPx > 1000);
    const twin = join(folder, 'twin');
    await makeTown({ ...DEFAULT_TOWN, seed: 3, places: 4, panoramaWidthPx: 256, out: twin });
    for (const name of ['mosaic.tif', 'places.csv', 'town.json', 'panoramas/p00000.jpg']) {
      assert.equal(await sha256OfFile(join(out, name)), await sha256OfFile(join(twin, name)), name);
    }
    const measured = world('--statistics', out);
    assert.equal(measured.status, 0, measured.stderr);
    assert.match(measured.stdout, /US country +AU suburb +London +town\n/);
    assert.match(measured.stdout, /dark \(V < 0\.2\) +12 % +20 % +32 % +0\.\d %/);
    assert.match(measured.stdout, /skyline, degrees +12 +13 +22 +\d+/);
  });

  it('says what is missing or unknown', () => {
    const missing = world('--seed', '3');
    assert.equal(missing.status, 2);
    assert.match(missing.stderr, /--style', '--out' not specified/);
    assert.equal(world('--seed', '3', '--style', 'moon', '--out', folder).status, 2);
    const none = world('--statistics', join(folder, 'nothing'));
    assert.equal(none.status, 1);
    assert.match(none.stderr, /nothing is not the folder of a town or world/);
    assert.doesNotMatch(none.stderr, /\n {4}at /);
  });
});
