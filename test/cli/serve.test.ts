import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, test } from 'node:test';
import { CONFIG_VARIABLES } from '../../src/config/index.js';
import { runSkyfix, SKYFIX_BIN } from '../support/run-cli.js';
import { noisePanorama, pngOf, publishTinyVersion, withTemporaryFolder } from '../support/tiny-region.js';

interface LogLine {
  readonly msg: string;
  readonly url?: string;
}

/** A serving process and its log, line by line. */
function serve(dataDir: string) {
  const env = { ...process.env, SKYFIX_DATA: dataDir, PORT: '0', LOG_LEVEL: 'info' };
  const child = spawn(process.execPath, [SKYFIX_BIN, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const until = async (message: string): Promise<LogLine> => {
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(!done, `the log ended before "${message}"`);
      const line = JSON.parse(value) as LogLine;
      if (line.msg === message) return line;
    }
  };
  return { child, until };
}

describe('skyfix serve', () => {
  test('answers, takes a published version over on SIGHUP, and ends with 0 on SIGTERM', async () => {
    await withTemporaryFolder(async (dataDir) => {
      await publishTinyVersion(dataDir, 'town', { indexVersion: 'v1' });
      const { child, until } = serve(dataDir);
      try {
        const { url } = await until('ready');
        const indexVersion = async () => {
          const body = await pngOf(noisePanorama(2));
          const headers = { 'content-type': 'image/png' };
          const response = await fetch(`${url}/locate?headingDeg=0`, { method: 'POST', headers, body });
          const answer = (await response.json()) as { indexVersion: string; results: { tile: string }[] };
          assert.equal(answer.results[0]?.tile, 'place-2');
          return answer.indexVersion;
        };
        assert.equal(await indexVersion(), 'v1');
        await publishTinyVersion(dataDir, 'town', { indexVersion: 'v2' });
        child.kill('SIGHUP');
        await until('reloaded');
        assert.equal(await indexVersion(), 'v2');
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        assert.deepEqual(await ended, [0, null]);
      } finally {
        child.kill('SIGKILL');
      }
    });
  });

  test('help names every variable; a wrong one ends it with its name', async () => {
    const help = await runSkyfix(['serve', '--help']);
    assert.equal(help.status, 0);
    for (const { name } of Object.values(CONFIG_VARIABLES))
      assert.match(help.stdout, new RegExp(`\\b${name}\\b`));
    const wrong = await runSkyfix(['serve'], { PORT: 'eighty' });
    assert.equal(wrong.status, 1);
    assert.match(wrong.stderr, /PORT.*eighty/);
  });
});
