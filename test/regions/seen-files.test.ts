// Large files whose bytes were found right once are believed while they are the same files; and read again meanwhile.
import assert from 'node:assert/strict';
import { mkdir, open, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { SkyfixError } from '../../src/errors/index.js';
import { RegionService } from '../../src/regions/index.js';
import { openIndexVersion, readIndexManifest, SeenFiles, versionDir } from '../../src/versions/index.js';
import { stayingUntil } from '../support/event-loop.js';
import { publishTinyVersion, withTemporaryFolder } from '../support/tiny-region.js';

const corrupt = (error: unknown) => error instanceof SkyfixError && error.code === 'INDEX_CORRUPT';

/** Changes the last byte, as a disk might. */
async function damage(path: string): Promise<void> {
  const file = await open(path, 'r+');
  const { size } = await file.stat();
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, size - 1);
  byte[0] = (byte[0] as number) ^ 1;
  await file.write(byte, 0, 1, size - 1);
  await file.close();
}

async function withVersion(
  use: (at: { folder: string; dataDir: string; dir: string; seen: SeenFiles }) => Promise<void>,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const dataDir = join(folder, 'data');
    await mkdir(dataDir);
    await publishTinyVersion(dataDir, 'town', { indexVersion: 'v1' });
    const seen = new SeenFiles(join(folder, 'seen'), -1000);
    await use({ folder, dataDir, dir: versionDir(dataDir, 'town', 'v1'), seen });
  });
}

/** Which files were believed. */
async function opened(
  dir: string,
  options: Parameters<typeof openIndexVersion>[1],
): Promise<readonly string[]> {
  const version = await openIndexVersion(dir, options);
  await version.close();
  return version.trusted;
}

test('a file is believed when it was read before and has not changed since', async () => {
  await withVersion(async ({ dir, seen, folder }) => {
    const names = Object.keys((await readIndexManifest(dir)).files).sort();
    const trusting = { trustSeen: true, seen, trustedFromBytes: 1 };
    assert.deepEqual(await opened(dir, trusting), [], 'the first time all are read');
    assert.deepEqual([...(await opened(dir, trusting))].sort(), names);
    assert.deepEqual(
      await opened(dir, { seen, trustedFromBytes: 1 }),
      [],
      'who does not ask for trust reads',
    );
    assert.deepEqual(await opened(dir, { trustSeen: true, seen }), [], 'small files are read');
    const [first = ''] = names;
    await utimes(join(dir, first), new Date(), new Date(2_000_000_000_000));
    assert.deepEqual([...(await opened(dir, trusting))].sort(), names.slice(1), 'touched: another file');
    await damage(join(dir, first));
    await assert.rejects(openIndexVersion(dir, trusting), corrupt);
    const fresh = new SeenFiles(join(folder, 'fresh'));
    await damage(join(dir, first));
    for (let k = 0; k < 2; k++) {
      const believed = await opened(dir, { ...trusting, seen: fresh });
      assert.ok(!believed.includes(first), 'what may change within a tick of the clock is not believed');
    }
  });
});

test('another file under the same name is another file, whatever its times', async () => {
  await withVersion(async ({ dir, seen }) => {
    const [name = ''] = Object.keys((await readIndexManifest(dir)).files);
    const path = join(dir, name);
    const trusting = { trustSeen: true, seen, trustedFromBytes: 1 };
    await opened(dir, trusting);
    const { atime, mtime, size } = await stat(path);
    await writeFile(`${path}.new`, Buffer.alloc(size));
    await utimes(`${path}.new`, atime, mtime);
    await rename(`${path}.new`, path);
    await assert.rejects(openIndexVersion(dir, trusting), corrupt);
  });
});

test('a region whose disk changed a file that was believed is found out, and served no longer', async () => {
  await withVersion(async ({ dataDir, dir, seen }) => {
    const { files } = await readIndexManifest(dir);
    const path = join(dir, 'descriptors.f32');
    const expected = files['descriptors.f32'];
    assert.ok(expected);
    await damage(path);
    // As if neither its times nor its size told of it.
    await seen.note(await stat(path, { bigint: true }), expected);
    let tell: (failure: { region: string; error: unknown }) => void = () => {};
    const told = new Promise<{ region: string; error: unknown }>((resolve) => {
      tell = resolve;
    });
    const service = await RegionService.open(dataDir, {
      threads: 1,
      files: { seen, trustedFromBytes: 1 },
      onError: (region, error) => tell({ region, error }),
    });
    try {
      const { region, error } = await stayingUntil(told);
      assert.equal(region, 'town');
      assert.ok(corrupt(error), String(error));
      assert.match(String(error), /descriptors\.f32 had the SHA-256 .* has .* now/);
      assert.equal(service.ready, false);
      assert.throws(() => service.acquire('town'), { code: 'NOT_READY' });
      await assert.rejects(service.reload('town'), corrupt, 'it is believed no longer');
    } finally {
      await service.close();
    }
  });
});

test('a region that is closed while its files are read again says nothing', async () => {
  await withVersion(async ({ dataDir, seen }) => {
    const errors: unknown[] = [];
    const files = { seen, trustedFromBytes: 1 };
    for (let k = 0; k < 2; k++) {
      const service = await RegionService.open(dataDir, {
        ...{ threads: 1, files },
        onError: (_region, error) => errors.push(error),
      });
      assert.equal(service.ready, true);
      await service.close();
    }
    assert.deepEqual(errors, []);
  });
});
