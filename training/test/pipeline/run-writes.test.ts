// Runs that cannot write: another process holds the folder, or the disk is full.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fsPromises, { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { loadCheckpointStep } from '../../stages/common/checkpoint.js';
import { checkpoint, coded, lastLine, metrics, runCommand, runHere, tinyRun } from '../support/tiny-run.js';

/** Takes the folder's lock and keeps it until it is killed. */
const LOCKING = `import('skyfix/files').then(async ({ lockFolder }) => {
  await lockFolder(process.argv[1], { kind: 'run' });
  process.stdout.write('locked');
  process.stdin.resume();
});`;

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skyfix-run-writes-'));
});
after(() => rm(folder, { recursive: true, force: true }));

describe('a folder in which another process trains', () => {
  it('is refused while that process lives, and taken over when it is gone', async () => {
    const dir = join(folder, 'shared');
    await fsPromises.mkdir(dir);
    const config = await tinyRun(folder, ['stage1.steps=2', 'stage3.validateEvery=0']);
    // The lock of a process of this host, as skyfix/files writes it.
    const owner = spawn(process.execPath, ['-e', LOCKING, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(owner.stdout, 'data');
    await assert.rejects(
      runHere(config, dir, { until: 'generation' }),
      coded('FOLDER_BUSY', dir, `process ${owner.pid}`),
    );
    assert.ok(!(await readdir(dir)).includes('config.yaml'), 'a folder that is busy is not claimed');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await runHere(config, dir, { until: 'generation' });
    assert.deepEqual(
      (await readdir(dir)).filter((name) => name.endsWith('.lock')),
      [],
    );
  });
});

describe('a full disk', () => {
  /** Runs `body` while the n-th file whose name holds `part` has room for its first 1,000 bytes only. */
  async function whereFull(
    t: TestContext,
    part: string,
    n: number,
    body: () => Promise<void>,
  ): Promise<void> {
    const { open, writeFile } = fsPromises;
    let files = 0;
    const full = new Set<unknown>();
    t.mock.method(fsPromises, 'open', async (...args: Parameters<typeof open>) => {
      const file = await open(...args);
      if (args[1] === 'w' && String(args[0]).includes(part) && ++files === n) full.add(file);
      return file;
    });
    t.mock.method(fsPromises, 'writeFile', async (...args: Parameters<typeof writeFile>) => {
      const [file, data] = args;
      if (!full.has(file)) return writeFile(...args);
      await writeFile(file, (data as Uint8Array).subarray(0, 1000));
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    });
    syncBuiltinESMExports();
    try {
      await body();
    } finally {
      t.mock.restoreAll();
      syncBuiltinESMExports();
    }
  }

  it('ends the run with DISK_FULL; the checkpoint before is whole and the run goes on from it', async (t) => {
    const dir = join(folder, 'full');
    const config = await tinyRun(folder, ['stage1.steps=8', 'checkpointEvery=2']);
    const path = checkpoint(dir, 'generation');
    await whereFull(t, 'generation-last', 3, async () => {
      await assert.rejects(runHere(config, dir, { until: 'generation' }), coded('DISK_FULL', path));
    });
    const kept = (await readdir(join(dir, 'checkpoints'))).sort();
    assert.deepEqual(kept, ['generation-best.bin', 'generation-last.bin']);
    assert.equal(await loadCheckpointStep(path), 4);
    await runHere(config, dir, { until: 'generation' });
    const unhurt = join(folder, 'unhurt');
    await runHere(config, unhurt, { until: 'generation' });
    assert.equal(await metrics(dir), await metrics(unhurt));
    assert.deepEqual(await readFile(path), await readFile(checkpoint(unhurt, 'generation')));
  });

  it('ends the run with DISK_FULL where a sample image does not fit, and not in the middle of a step', async (t) => {
    const dir = join(folder, 'full-samples');
    const config = await tinyRun(folder, ['stage1.steps=4']);
    await whereFull(t, 'views-000002', 1, async () => {
      await assert.rejects(runHere(config, dir, { until: 'generation' }), coded('DISK_FULL', 'views-000002'));
    });
    assert.equal(await loadCheckpointStep(checkpoint(dir, 'generation')), 4);
  });

  it('in earnest, where a small file system can be mounted', async (t) => {
    const mount = (sizeK: number, dir: string) => [
      'unshare',
      '-rm',
      'sh',
      '-c',
      // The files come out of the mount before it is gone.
      `mount -t tmpfs -o size=${sizeK}k tmpfs ${dir}/checkpoints && { "$@"; code=$?; cp ${dir}/checkpoints/* ` +
        `${dir}/; exit $code; }`,
      'sh',
    ];
    const dir = join(folder, 'small-disk');
    await fsPromises.mkdir(join(dir, 'checkpoints'), { recursive: true });
    const { length } = await readFile(checkpoint(join(folder, 'full'), 'generation'));
    const [program = '', ...args] = [...mount(64, dir), 'true'];
    const tried = spawnSync(program, args, { encoding: 'utf8' });
    if (tried.error || /mount|unshare/.test(tried.stderr)) {
      t.skip(`no file system can be mounted: ${tried.error?.message ?? tried.stderr.trim()}`);
      return;
    }
    // Room for the last and the best checkpoint, and for half of the next one.
    const failed = await runCommand(folder, dir, undefined, mount(Math.round((2.5 * length) / 1024), dir));
    assert.equal(failed.code, 1, failed.stderr);
    assert.match(failed.stderr, /No space left: Writing .*generation-(best|last)\.bin failed \(ENOSPC\)/);
    const saved = await loadCheckpointStep(join(dir, 'generation-last.bin'));
    const line = await lastLine(dir);
    assert.ok(saved > 0 && saved <= (line?.step ?? 0), `${saved} steps saved, ${line?.step} done`);
  });
});
