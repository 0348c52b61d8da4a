// npm run test:training: sets the training package up, builds it and runs its tests. Where the native runtime cannot
// be had, the tests are reported as skipped with the reason; with CI=true that is a failure.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests } from '../../test/runner.mjs';
import { buildKernels } from './kernels.mjs';

const training = dirname(dirname(fileURLToPath(import.meta.url)));
const inCi = /^(1|true)$/i.test(process.env.CI ?? '');

const setup = spawnSync(process.execPath, [join(training, 'scripts/setup.mjs'), '--no-build'], {
  encoding: 'utf8',
  stdio: ['ignore', 'inherit', 'pipe'],
});
process.stderr.write(setup.stderr);
if (setup.status !== 0) {
  const reason = setup.stderr.trim().split('\n').slice(0, 3).join(' ');
  process.stdout.write(`${inCi ? 'not ok' : 'ok'} 1 - training tests${inCi ? '' : ' # SKIP'} ${reason}\n`);
  process.exit(inCi ? 1 : 0);
}

const build = spawnSync(join(training, '../node_modules/.bin/tsc'), ['-p', join(training, 'tsconfig.json')], {
  stdio: 'inherit',
});
if (build.status !== 0) process.exit(build.status ?? 1);
if (!buildKernels(training)) process.exit(1);

const folder = join(training, 'dist/test');
const files = readdirSync(folder, { recursive: true })
  .filter((name) => String(name).endsWith('.test.js'))
  .map((name) => join(folder, String(name)));
// Two files at a time: TensorFlow uses every core by itself, but most of a file is one thread's work, or waits for a child.
const args = ['--test-concurrency=2', ...process.argv.slice(2)];
process.exit(runTests({ title: 'training tests', files, args, cwd: training, ci: inCi }));
