// The form of what people read: pages that are linked, lines that fit a screen.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_ROOT } from '../../cli/index.js';

const CODE_COLUMNS = 130;
const PROSE_COLUMNS = 160;
const README_LINES = 120;
const CODE_FOLDERS = [
  'src',
  'index',
  'cli',
  'training',
  'test',
  'bench',
  'loadtest',
  'docs',
  'scripts',
  'bin',
];
const PASSED_OVER = new Set(['node_modules', 'dist', 'results', 'var']);

const read = (path: string) => readFileSync(join(PACKAGE_ROOT, path), 'utf8');
const pages = () => [
  'README.md',
  ...readdirSync(join(PACKAGE_ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Files below a folder, links not followed, as paths from the root. */
function filesUnder(folder: string): string[] {
  return readdirSync(join(PACKAGE_ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (PASSED_OVER.has(entry.name)) return [];
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

function longLines(path: string, columns: number): string[] {
  return read(path)
    .split('\n')
    .flatMap((line, k) =>
      [...line].length > columns ? [`${path}:${k + 1}: ${[...line].length} columns`] : [],
    );
}

test(`no line of code has over ${CODE_COLUMNS} columns`, () => {
  const files = CODE_FOLDERS.flatMap(filesUnder).filter((path) => /\.(ts|mjs|js|cc|h|py)$/.test(path));
  assert.ok(files.length > 300, `only ${files.length} files were found`);
  assert.deepEqual(
    files.flatMap((path) => longLines(path, CODE_COLUMNS)),
    [],
  );
});

test(`no line of prose has over ${PROSE_COLUMNS} columns, and the README at most ${README_LINES} lines`, () => {
  assert.deepEqual(
    pages().flatMap((path) => longLines(path, PROSE_COLUMNS)),
    [],
  );
  assert.ok(read('README.md').trimEnd().split('\n').length <= README_LINES);
});

test('every page is linked from the README or from a page that is, and every link leads somewhere', () => {
  const reached = new Set(['README.md']);
  const broken: string[] = [];
  for (const page of reached) {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const path = normalize(join(dirname(page), target));
      if (!existsSync(join(PACKAGE_ROOT, path))) broken.push(`${page}: ${target}`);
      else if (path.endsWith('.md') && !path.startsWith('docs/report/')) reached.add(path);
    }
  }
  assert.deepEqual(broken, []);
  assert.deepEqual(
    pages().filter((page) => !reached.has(page)),
    [],
  );
});
