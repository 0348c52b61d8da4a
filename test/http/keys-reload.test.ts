// A running server takes keys up and gives them up without a restart, and does not start without the keys it was told of.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import { addKey, revokeKey } from '../../src/keys/index.js';
import { startServer } from '../../src/server.js';
import { publishTinyVersion } from '../support/tiny-region.js';

test('SIGHUP takes keys up; a broken file leaves those that were; none at the start is an error', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'skyfix-keys-reload-'));
  const path = join(folder, 'keys.json');
  await publishTinyVersion(join(folder, 'data'), 'tiny');
  const env = { LOG_LEVEL: 'silent', PORT: '0', SKYFIX_DATA: join(folder, 'data'), SKYFIX_KEYS_FILE: path };
  await assert.rejects(
    startServer(loadConfig(env)),
    (error) => error instanceof SkyfixError && error.code === 'KEYS_INVALID',
  );
  const watcher = await addKey(path, { name: 'prometheus', scopes: ['metrics'] });
  const first = await addKey(path, { name: 'first', scopes: ['locate'] });
  const { url, close } = await startServer(loadConfig(env));
  try {
    const statusWith = async (key: string) => {
      const response = await fetch(`${url}/regions`, { headers: { authorization: `Bearer ${key}` } });
      await response.body?.cancel();
      return response.status;
    };
    const reads = async (outcome: string) => {
      const headers = { authorization: `Bearer ${watcher}` };
      const text = await (await fetch(`${url}/metrics`, { headers })).text();
      return Number(new RegExp(`skyfix_keys_reads_total\\{outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1]);
    };
    const hangUp = async (outcome: string) => {
      const before = await reads(outcome);
      process.kill(process.pid, 'SIGHUP');
      await once(process, 'SIGHUP');
      const deadline = Date.now() + 10_000;
      while ((await reads(outcome)) === before) assert.ok(Date.now() < deadline, `no read is ${outcome}`);
    };
    const second = await addKey(path, { name: 'second', scopes: ['locate'] });
    assert.equal(await statusWith(first), 200);
    await hangUp('ok');
    assert.equal(await statusWith(second), 200);
    await revokeKey(path, 'first');
    await hangUp('ok');
    assert.deepEqual([await statusWith(first), await statusWith(second)], [401, 200]);
    const good = await readFile(path, 'utf8');
    await writeFile(path, `${good}}`);
    await hangUp('refused');
    assert.deepEqual([await statusWith(first), await statusWith(second)], [401, 200]);
  } finally {
    await close();
    await rm(folder, { recursive: true });
  }
});
