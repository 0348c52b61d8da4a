// Folders that cannot be used are refused at once and in words: made of nothing, a file, without space.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { asDiskError, SkyfixError } from '../../src/errors/index.js';
import { checkFolder, makeFolder, writeFileAtomic } from '../../src/files/index.js';
import { checkDataFolder } from '../../src/versions/index.js';
import { withTemporaryFolder } from '../support/tiny-region.js';

const unusable = (mentions: RegExp) => (error: unknown) =>
  error instanceof SkyfixError && error.code === 'FOLDER_UNUSABLE' && mentions.test(error.detail);

test('a folder where none can be made is refused, not tried for ever', {
  skip: !existsSync('/proc/self'),
}, async () => {
  for (const path of ['/proc/foo', '/proc/foo/bar/baz']) {
    await assert.rejects(makeFolder(path), unusable(/\/proc\/foo.* cannot be made/));
    await assert.rejects(checkDataFolder(path), unusable(/cannot be made/));
    await assert.rejects(writeFileAtomic(join(path, 'file'), 'x'), unusable(/cannot be made/));
  }
  await assert.rejects(checkDataFolder('/proc'), unusable(/cannot be written to/));
});

test('makes folders with their parents, and takes what is there', async () => {
  await withTemporaryFolder(async (dir) => {
    await makeFolder(join(dir, 'a/b/c'));
    await makeFolder(join(dir, 'a/b/c'));
    await Promise.all([1, 2, 3].map(() => makeFolder(join(dir, 'd/e/f'))));
    await checkFolder(join(dir, 'absent'), false);
    assert.equal(existsSync(join(dir, 'absent')), false);
    await checkDataFolder(join(dir, 'absent'));
    assert.ok(existsSync(join(dir, 'absent')));
  });
});

test('a file is no folder; a folder without the rights is refused by what it lacks', async () => {
  await withTemporaryFolder(async (dir) => {
    await writeFile(join(dir, 'file'), '');
    await assert.rejects(checkDataFolder(join(dir, 'file')), unusable(/is a file/));
    await assert.rejects(makeFolder(join(dir, 'file')), unusable(/cannot be made \(EEXIST\)/));
    await assert.rejects(makeFolder(join(dir, 'file/below')), unusable(/cannot be made \(ENOTDIR\)/));
    // Whoever runs this as root may write everywhere.
    if (process.getuid?.() === 0) return;
    await mkdir(join(dir, 'closed'), { mode: 0o500 });
    await assert.rejects(checkFolder(join(dir, 'closed'), true), /Not writable.*EACCES/);
    await chmod(join(dir, 'closed'), 0o000);
    await assert.rejects(checkFolder(join(dir, 'closed'), false), unusable(/cannot be read/));
    await chmod(join(dir, 'closed'), 0o700);
  });
});

test('without space the error says so', () => {
  const error = asDiskError(Object.assign(new Error('no space'), { code: 'ENOSPC' }), '/data');
  assert.ok(error instanceof SkyfixError && error.code === 'DISK_FULL');
});
