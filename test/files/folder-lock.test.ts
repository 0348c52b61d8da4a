// One owner at a time, also among many that try at once; a dead owner's lock counts for nothing, a living one's does.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { createOwnedFile, listOwners, livenessOf, lockFolder, ownIdentity } from '../../src/files/index.js';

const CHILD = join(import.meta.dirname, 'lock-child.js');
const root = await mkdtemp(join(tmpdir(), 'skyfix-lock-'));
after(() => rm(root, { recursive: true, force: true }));
const folder = () => mkdtemp(join(root, 'f-'));

/** A child that has the lock. */
async function holder(dir: string) {
  const child = spawn(process.execPath, [CHILD, dir, '20000'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [text] = await once(child.stdout, 'data');
  assert.equal(String(text), 'held\n');
  return { child, exited };
}

/** The lock file of an owner that this process cannot look up. */
const foreignLock = (silentMs: number) =>
  JSON.stringify({
    host: 'elsewhere',
    bootId: 'b',
    pidNamespace: 'n',
    pid: 1,
    startTicks: '1',
    silentMs,
    details: {},
  });

describe('folder lock', () => {
  test('of many that try at once one has it, then the next, until all had it', async () => {
    const dir = await folder();
    let inside = 0;
    let most = 0;
    const turns = Array.from({ length: 12 }, async () => {
      const lock = await lockFolder(dir, { kind: 'work', waitMs: 60_000 });
      most = Math.max(most, ++inside);
      await readdir(dir);
      inside--;
      await lock.release();
    });
    await Promise.all(turns);
    assert.equal(most, 1);
    assert.deepEqual(await readdir(dir), []);
  });

  test('a living process keeps it: the other is told who; a killed one leaves it free at once', async () => {
    const dir = await folder();
    const { child, exited } = await holder(dir);
    await assert.rejects(lockFolder(dir, { kind: 'work' }), {
      code: 'FOLDER_BUSY',
      message: new RegExp(`process ${child.pid}\\b`),
    });
    // Stopped is not dead.
    child.kill('SIGSTOP');
    await assert.rejects(lockFolder(dir, { kind: 'work' }), { code: 'FOLDER_BUSY' });
    const other = await lockFolder(dir, { kind: 'something-else' });
    await other.release();
    child.kill('SIGKILL');
    await exited;
    const lock = await lockFolder(dir, { kind: 'work' });
    assert.equal((await readdir(dir)).length, 1, "the dead owner's file is gone");
    await lock.assertHeld();
    await lock.release();
  });

  test('whoever waits is told for whom, once, and gets it when the owner ends', async () => {
    const dir = await folder();
    const { child, exited } = await holder(dir);
    const told: string[] = [];
    const waiting = lockFolder(dir, {
      kind: 'work',
      waitMs: 60_000,
      onWait: (owner) => {
        told.push(owner);
        child.stdin.end();
      },
    });
    await (await waiting).release();
    assert.deepEqual(await exited, [0, null]);
    assert.deepEqual(told, [`process ${child.pid}`]);
  });

  test('a number that another process has by now, a half-written file and a silent container are no owners', async () => {
    const dir = await folder();
    const self = { ...ownIdentity(), silentMs: 30_000, details: {} };
    const reused = { ...self, startTicks: '12' };
    if (self.startTicks !== '') {
      await writeFile(join(dir, 'work.0000000000000001.lock'), JSON.stringify(reused));
      await (await lockFolder(dir, { kind: 'work' })).release();
      assert.deepEqual(await readdir(dir), []);
    }
    await writeFile(join(dir, 'work.0000000000000002.lock'), foreignLock(200));
    const lock = await lockFolder(dir, { kind: 'work' });
    assert.equal((await readdir(dir)).length, 1);
    await lock.release();
  });

  test('a process in another container whose file is touched keeps it, whatever its number and the clocks say', async () => {
    const dir = await folder();
    const path = join(dir, 'work.0000000000000003.lock');
    // Its number is this process's own, its clock is years back.
    const record = { ...ownIdentity(), pidNamespace: 'pid:[1]', silentMs: 2000, details: {} };
    await writeFile(path, JSON.stringify(record));
    let beats = 0;
    const beating = setInterval(() => utimes(path, 1000, 1000 + ++beats), 20);
    try {
      await assert.rejects(lockFolder(dir, { kind: 'work', waitMs: 300 }), {
        code: 'FOLDER_BUSY',
        message: /another container/,
      });
      assert.equal((await readdir(dir)).length, 1);
    } finally {
      clearInterval(beating);
    }
  });

  test('an owner whose file was removed hears of it before it does harm', async () => {
    const dir = await folder();
    const lock = await lockFolder(dir, { kind: 'work' });
    await rm(join(dir, (await readdir(dir))[0] ?? ''));
    await assert.rejects(lock.assertHeld(), { code: 'FOLDER_BUSY' });
    await lock.release();
  });

  test('owners are told apart: this one, one that ended, one that nobody can look up', async () => {
    const dir = await folder();
    const file = await createOwnedFile(dir, { kind: 'serving', details: { version: 'v1' } });
    const [own] = await listOwners(dir, 'serving');
    assert.equal(own?.liveness, 'alive');
    assert.deepEqual(own?.details, { version: 'v1' });
    assert.equal(own?.name, `process ${process.pid}`);
    await file.release();
    const self = ownIdentity();
    assert.equal(self.host, hostname());
    const ended = spawn(process.execPath, ['--version']);
    await once(ended, 'exit');
    assert.equal(livenessOf({ ...self, pid: ended.pid ?? 0 }), 'dead');
    assert.equal(livenessOf({ ...self, pid: process.ppid, startTicks: '' }), 'alive');
    assert.equal(livenessOf({ ...self, host: 'another' }), 'unknown');
    assert.deepEqual(await listOwners(join(dir, 'nowhere'), 'serving'), []);
  });
});
