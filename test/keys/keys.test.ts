// The keys file: what it holds, what it refuses, how it changes under a server, and the commands that change it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SkyfixError } from '../../src/errors/index.js';
import { writeFileAtomic } from '../../src/files/index.js';
import { addKey, type KeyChanges, KeyRing, readKeys, revokeKey } from '../../src/keys/index.js';
import { stayingUntil } from '../support/event-loop.js';
import { runSkyfix } from '../support/run-cli.js';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skyfix-keys-'));
});
after(() => rm(folder, { recursive: true }));
const refusal = (code: string) => (error: unknown) => error instanceof SkyfixError && error.code === code;

test('a key is 256 random bits; the file has its SHA-256 and nothing else of it', async () => {
  const path = join(folder, 'digests', 'keys.json');
  const key = await addKey(path, { name: 'fleet', scopes: ['locate'], uploads: 4 });
  assert.match(key, /^skyfix_[A-Za-z0-9_-]{43}$/);
  const text = await readFile(path, 'utf8');
  assert.ok(!text.includes(key.slice(7)));
  const [entry] = await readKeys(path);
  // As sha256sum says it.
  assert.equal(entry?.sha256, createHash('sha256').update(key, 'ascii').digest('hex'));
  assert.deepEqual([entry?.name, entry?.scopes, entry?.uploads], ['fleet', ['locate'], 4]);
  assert.deepEqual(
    await readdir(join(folder, 'digests')),
    ['keys.json'],
    'no lock and no temporary file stays',
  );
  const ring = await KeyRing.open(path);
  assert.equal(ring.find(key)?.name, 'fleet');
  for (const wrong of ['', 'x', `${key} `, key.slice(0, -1), key.toUpperCase()])
    assert.equal(ring.find(wrong), undefined);
});

test('names are taken once, and keys that are not there cannot be revoked', async () => {
  const path = join(folder, 'names.json');
  await addKey(path, { name: 'one', scopes: ['admin'] });
  const before = await readFile(path, 'utf8');
  await assert.rejects(addKey(path, { name: 'one', scopes: ['locate'] }), refusal('KEY_EXISTS'));
  await assert.rejects(addKey(path, { name: 'two words', scopes: ['locate'] }), refusal('KEYS_INVALID'));
  await assert.rejects(revokeKey(path, 'two'), refusal('KEY_UNKNOWN'));
  assert.equal(await readFile(path, 'utf8'), before);
  await revokeKey(path, 'one');
  assert.deepEqual(await readKeys(path), []);
});

test('keys that are added at the same time are all there', async () => {
  const path = join(folder, 'together.json');
  const names = Array.from({ length: 6 }, (_, k) => `client-${k}`);
  const keys = await Promise.all(names.map((name) => addKey(path, { name, scopes: ['locate'] })));
  const ring = await KeyRing.open(path);
  assert.deepEqual(
    keys.map((key) => ring.find(key)?.name),
    names,
  );
});

test('a file that is not there, not JSON, or has an entry that is wrong, is refused in words', async () => {
  const path = join(folder, 'broken.json');
  await assert.rejects(KeyRing.open(path), refusal('KEYS_INVALID'));
  const entry = { name: 'a', scopes: ['locate'], sha256: 'ab'.repeat(32), createdAt: '2026-11-27T00:00:00Z' };
  const file = (keys: readonly object[]) => JSON.stringify({ format: 'skyfix-keys', version: 1, keys });
  for (const [text, words] of [
    ['{"format":', /cannot be read/],
    ['[]', /must be object/],
    [JSON.stringify({ format: 'skyfix-keys', version: 2, keys: [] }), /version must be 1, but is 2/],
    [file([{ ...entry, scopes: ['everything'] }]), /"everything"/],
    [file([{ ...entry, scopes: [] }]), /fewer than 1/],
    [file([{ ...entry, key: 'plain' }]), /key is not known/],
    [file([{ ...entry, sha256: 'plain' }]), /sha256 must match/],
    [file([entry, { ...entry, sha256: 'cd'.repeat(32) }]), /the name "a" twice/],
    [file([entry, { ...entry, name: 'b' }]), /twice/],
    [file([{ ...entry, expiresAt: '2026-13-45T00:00:00Z' }]), /no time/],
  ] as const) {
    await writeFile(path, text);
    await assert.rejects(
      KeyRing.open(path),
      (error) => refusal('KEYS_INVALID')(error) && words.test(String(error)),
    );
  }
});

test('a ring follows its file, tells what changed, and keeps its keys where the file is broken', async () => {
  const path = join(folder, 'live.json');
  const old = await addKey(path, { name: 'old', scopes: ['locate'] });
  const ring = await KeyRing.open(path);
  const changes: (KeyChanges | unknown)[] = [];
  const noticed = new EventTarget();
  ring.watch(() => {
    void ring
      .reload()
      .catch((error: unknown) => error)
      .then((outcome) => {
        changes.push(outcome);
        noticed.dispatchEvent(new Event('looked'));
      });
  }, 20);
  // Watching keeps no process alive.
  const next = () => stayingUntil(once(noticed, 'looked'));
  let looked = next();
  const young = await addKey(path, { name: 'young', scopes: ['admin'] });
  await looked;
  assert.deepEqual(changes.at(-1), { added: ['young'], removed: [], changed: [] });
  assert.equal(ring.find(young)?.name, 'young');
  looked = next();
  await revokeKey(path, 'old');
  await looked;
  assert.equal(ring.find(old), undefined);
  const good = await readFile(path, 'utf8');
  looked = next();
  await writeFileAtomic(path, good.slice(0, 40));
  await looked;
  assert.ok(refusal('KEYS_INVALID')(changes.at(-1)));
  assert.equal(ring.find(young)?.name, 'young', 'a broken file revokes nobody');
  looked = next();
  await writeFileAtomic(path, good.replace('"admin"', '"locate"'));
  await looked;
  assert.deepEqual(changes.at(-1), { added: [], removed: [], changed: ['young'] });
  ring.close();
});

test('skyfix keys: add shows the key once, list never, revoke ends it', async () => {
  const env = { SKYFIX_KEYS_FILE: join(folder, 'cli', 'keys.json') };
  const added = await runSkyfix(
    [
      'keys',
      'add',
      'van-3',
      '--scope',
      'locate,metrics',
      '--expires',
      '2031-12-31',
      '--requests-per-minute',
      '600',
    ],
    env,
  );
  assert.equal(added.status, 0, added.stderr);
  const key = added.stdout.trim();
  const ring = await KeyRing.open(env.SKYFIX_KEYS_FILE);
  assert.deepEqual(ring.find(key)?.scopes, ['locate', 'metrics']);
  assert.equal(ring.find(key)?.expiresAt, '2031-12-31T00:00:00.000Z');
  assert.equal(ring.find(key)?.requestsPerMinute, 600);
  const listed = await runSkyfix(['keys', 'list'], env);
  assert.match(listed.stdout, /^van-3,locate metrics,[^,]+,2031-12-31T00:00:00.000Z,600,$/m);
  assert.ok(!listed.stdout.includes(key) && !listed.stdout.includes(ring.find(key)?.sha256 ?? key));
  assert.equal((await runSkyfix(['keys', 'revoke', 'van-3'], env)).status, 0);
  const twice = await runSkyfix(['keys', 'revoke', 'van-3'], env);
  assert.deepEqual([twice.status, /No such key/.test(twice.stderr)], [1, true]);
  const unscoped = await runSkyfix(['keys', 'add', 'x', '--scope', 'all'], env);
  assert.deepEqual([unscoped.status, /locate, admin, metrics/.test(unscoped.stderr)], [2, true]);
  const nowhere = await runSkyfix(['keys', 'list'], { SKYFIX_KEYS_FILE: '' });
  assert.match(nowhere.stderr, /--file nor SKYFIX_KEYS_FILE/);
});
