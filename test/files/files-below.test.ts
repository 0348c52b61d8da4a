// Folders as users have them: links to files, to other disks, and now and then to a folder above.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { filesBelow } from '../../src/files/index.js';

let folder = '';
const at = (name: string): string => join(folder, name);
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skyfix-files-below-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('files in folders and behind links, named from the top', async () => {
  await mkdir(at('sheets/b/deep'), { recursive: true });
  await mkdir(at('elsewhere'));
  await writeFile(at('sheets/z.tif'), '');
  await writeFile(at('sheets/b/deep/a.tif'), '');
  await writeFile(at('elsewhere/far.tif'), '');
  await symlink(at('elsewhere'), at('sheets/linked'));
  await symlink(at('elsewhere/far.tif'), at('sheets/near.tif'));
  await symlink(at('nothing'), at('sheets/gone.tif'));
  assert.deepEqual(await filesBelow(at('sheets')), [
    'b/deep/a.tif',
    'gone.tif',
    'linked/far.tif',
    'near.tif',
    'z.tif',
  ]);
  assert.deepEqual(await filesBelow(at('sheets'), (name) => name === 'b'), [
    'gone.tif',
    'linked/far.tif',
    'near.tif',
    'z.tif',
  ]);
});

test('links to folders above are entered once: each file is listed once on each way down, soon', async () => {
  await mkdir(at('circles/a/b'), { recursive: true });
  await writeFile(at('circles/a/one.tif'), '');
  for (const [link, target] of [
    ['a/up', 'circles'],
    ['a/again', 'circles/a'],
    ['a/b/up', 'circles/a'],
    ['a/b/top', 'circles'],
  ] as const)
    await symlink(at(target), at(`circles/${link}`));
  assert.deepEqual(await filesBelow(at('circles')), ['a/one.tif']);
});

test('what is no folder is an error', async () => {
  await assert.rejects(filesBelow(at('sheets/z.tif')), { code: 'ENOTDIR' });
  await assert.rejects(filesBelow(at('nowhere')), { code: 'ENOENT' });
});
