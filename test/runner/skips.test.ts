// Continuous integration notices what it skipped: the runner fails there for a reason that is not on the list.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withTemporaryFolder } from '../support/tiny-region.js';

const RUNNER = fileURLToPath(new URL('../../../test/runner.mjs', import.meta.url));

/** The runner on one file of tests. */
async function runOn(tests: string, ci: boolean): Promise<{ status: number | null; output: string }> {
  return withTemporaryFolder(async (dir) => {
    await writeFile(join(dir, 'a.test.mjs'), `import { test } from 'node:test';\n${tests}`);
    const program = `import { runTests } from ${JSON.stringify(RUNNER)};
      process.exit(runTests({ title: 'trial', files: ['a.test.mjs'], cwd: ${JSON.stringify(dir)}, ci: ${ci} }));`;
    // Without the mark of the runner above this test, Node would take it for one of its children.
    const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
    const args = ['--input-type=module', '--eval', program];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
    return { status, output: `${stdout}${stderr}` };
  });
}

test('a skip for a reason on the list passes, any other fails in continuous integration and is named', async () => {
  const fine = await runOn(
    "test('works', () => {}); test('rare', { skip: 'python3 has no scipy' }, () => {});",
    true,
  );
  assert.equal(fine.status, 0, fine.output);
  assert.match(
    fine.output,
    /^closing: trial on Node v\d+.*: tests 2, pass 1, fail 0, cancelled 0, skipped 1: passed$/m,
  );
  for (const skip of ["'the moon is full'", 'true']) {
    const tests = `test('works', () => {}); test('lost', { skip: ${skip} }, () => {});`;
    const caught = await runOn(tests, true);
    assert.equal(caught.status, 1, caught.output);
    assert.match(caught.output, /^skipped: lost \(.*\): not in test\/allowed-skips\.txt$/m);
    assert.match(caught.output, /^closing: .*FAILED by what was skipped$/m);
    assert.equal((await runOn(tests, false)).status, 0);
  }
  const failing = await runOn("test('breaks', () => { throw new Error('x'); });", false);
  assert.equal(failing.status, 1);
  assert.match(failing.output, /^failed: breaks$/m);
});
