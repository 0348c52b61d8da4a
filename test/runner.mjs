// Runs test files under Node's runner and has the last word: in continuous integration a test that is skipped for a
// reason that is not in allowed-skips.txt is a failure. Ends with one line of figures.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

/** Reasons as they begin. */
export function allowedSkips(text = readFileSync(join(HERE, 'allowed-skips.txt'), 'utf8')) {
  return text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

/** Skips for a reason that is none of those. */
export function surprisingSkips(facts, allowed) {
  return facts.filter(
    ({ skipped, reason = '' }) =>
      skipped !== undefined && !allowed.some((start) => reason.startsWith(start.trimEnd())),
  );
}

/** The exit status: Node's, or 1 where CI skipped what it must not. `title` names the run in the closing line. */
export function runTests({ title, files, args = [], cwd, ci = /^(1|true)$/i.test(process.env.CI ?? '') }) {
  const folder = mkdtempSync(join(tmpdir(), 'skyfix-tests-'));
  const factsFile = join(folder, 'facts.jsonl');
  try {
    const reporters = [
      `--test-reporter=${process.stdout.isTTY ? 'spec' : 'tap'}`,
      '--test-reporter-destination=stdout',
      `--test-reporter=${join(HERE, 'facts-reporter.mjs')}`,
      `--test-reporter-destination=${factsFile}`,
    ];
    const run = spawnSync(process.execPath, ['--test', ...reporters, ...args, ...files], {
      stdio: 'inherit',
      cwd,
    });
    return close(title, run.status ?? 1, readFacts(factsFile), ci);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readFacts(path) {
  try {
    return readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}

function close(title, status, facts, ci) {
  const surprising = surprisingSkips(facts, allowedSkips());
  for (const { skipped, reason } of surprising) {
    console.log(
      `skipped: ${skipped} (${reason || 'no reason given'})${ci ? ': not in test/allowed-skips.txt' : ''}`,
    );
  }
  for (const { failed } of facts.filter((fact) => fact.failed !== undefined))
    console.log(`failed: ${failed}`);
  const figures = facts.filter(({ figure }) =>
    ['tests', 'pass', 'fail', 'cancelled', 'skipped'].includes(figure),
  );
  const words = figures.map(({ figure, value }) => `${figure} ${value}`).join(', ');
  const verdict =
    status !== 0 ? 'FAILED' : ci && surprising.length > 0 ? 'FAILED by what was skipped' : 'passed';
  console.log(`closing: ${title} on Node ${process.version}: ${words || 'nothing ran'}: ${verdict}`);
  return verdict === 'passed' ? 0 : status || 1;
}
