// The programs behind npm run: their help, and what they say of wrong arguments.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PACKAGE_ROOT } from '../../cli/index.js';

const TOOLS: readonly (readonly [script: string, file: string])[] = [
  ['bench', 'bench/run.js'],
  ['bench:networks', 'bench/networks.js'],
  ['bench:tiles', 'bench/tiles.js'],
  ['bench:weaviate', 'bench/weaviate.js'],
  ['bench:dimensions', 'bench/dimensions.js'],
  ['loadtest', 'loadtest/run.js'],
  ['soak', 'test/soak/run.js'],
  ['chaos', 'test/chaos/run.js'],
  ['test:cluster', 'test/cluster/run.js'],
];
const run = (file: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [join(PACKAGE_ROOT, 'dist', file), ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });

describe('programs behind npm run', () => {
  for (const [script, file] of TOOLS) {
    it(`${script} says what its options are, and which one it does not know`, () => {
      const help = run(file, '--help');
      assert.equal(help.status, 0, help.stderr);
      assert.ok(help.stdout.startsWith(`npm run ${script} -- `), help.stdout);
      assert.match(help.stdout, /\n {2}--[a-z]/);
      const wrong = run(file, '--no-such-option', '3');
      assert.equal(wrong.status, 2);
      assert.equal(wrong.stdout, '');
      assert.ok(wrong.stderr.startsWith("error: Unknown option '--no-such-option'"), wrong.stderr);
      assert.ok(wrong.stderr.includes(help.stdout.trim()) && !wrong.stderr.includes('    at '), wrong.stderr);
    });
  }

  it('say which value cannot be', () => {
    for (const [file, args, message] of [
      ['bench/run.js', ['--rounds', '0.5'], '--rounds has "0.5"; it takes whole numbers from 3 on.'],
      ['bench/run.js', ['--rounds', '2'], '--rounds has "2"; it takes whole numbers from 3 on.'],
      [
        'loadtest/run.js',
        ['--connections', '1,1001'],
        '--connections has "1001"; it takes whole numbers from 1 to 1000.',
      ],
      ['loadtest/run.js', ['--rates', '0'], '--rates has "0"; each is over 0'],
      ['bench/tiles.js', ['--engines', 'faiss'], '--engines has "faiss"; there are '],
      ['test/soak/run.js', ['--minutes', '1'], '--minutes has "1"; it takes 2 or more'],
      ['test/chaos/run.js', ['--share', '2'], '--share has "2"; it takes more than 0 and at most 1.'],
    ] as const) {
      const { status, stderr } = run(file, ...args);
      assert.equal(status, 2, stderr);
      assert.ok(stderr.startsWith(`error: ${message}`), stderr);
    }
  });
});
