// Rooms and doors: imports go one way, and a room is entered by its index.ts only.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const ORDER = [
  'geometry',
  'imaging',
  'onnx',
  'engines',
  'bundles',
  'describe',
  'search',
  'places',
  'versions',
  'regions',
  'locate',
  'http',
  'app',
  'server',
];
/** Anybody in src may use them; they use only one another. */
const GROUND = ['config', 'errors', 'files', 'random', 'threads'];
const OUTSIDE = ['index', 'cli', 'training', 'test', 'loadtest', 'bench'];

interface Import {
  readonly from: string;
  readonly to: string;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|new URL\(\s*'([^']+\.js)'/g;

function filesIn(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.parentPath.includes('node_modules'),
    )
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

/** Imports of files of this repository, as paths from its root, .ts. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(IMPORT)]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .filter((path) => path.startsWith('.'))
    .map((path) => ({
      from: file,
      to: relative(ROOT, resolve(ROOT, dirname(file), path)).replace(/\.js$/, '.ts'),
    }));
}

/** src/search/hnsw-index.ts -> search; src/app.ts -> app; index/build.ts -> index/ */
function roomOf(path: string): string {
  const [top = '', second = ''] = path.split('/');
  return top === 'src' ? second.replace(/\.ts$/, '') : `${top}/`;
}

const allowed = (from: string, to: string) => {
  if (from === to) return true;
  if (GROUND.includes(to)) return true;
  return ORDER.includes(from) && ORDER.includes(to) && ORDER.indexOf(to) < ORDER.indexOf(from);
};

const ofSrc = filesIn('src').flatMap(importsOf);

test('every folder and file of src has its place in the order', () => {
  const rooms = new Set(filesIn('src').map(roomOf));
  assert.deepEqual(
    [...rooms].filter((room) => !ORDER.includes(room) && !GROUND.includes(room)),
    [],
  );
  assert.ok(ofSrc.length > 50, `only ${ofSrc.length} imports were seen: is the pattern still right?`);
});

test('imports in src go one way', () => {
  const wrong = ofSrc.filter(({ from, to }) => !allowed(roomOf(from), roomOf(to)));
  assert.deepEqual(wrong, []);
});

test('src imports neither training/ nor index/ nor anything else outside', () => {
  const wrong = ofSrc.filter(({ to }) => OUTSIDE.includes(to.split('/')[0] ?? ''));
  assert.deepEqual(wrong, []);
  const named = filesIn('src').filter((file) =>
    /from 'skyfix\//.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  assert.deepEqual(named, []);
});

test('a room of src is entered by its index.ts only', () => {
  const users = [...filesIn('src'), ...filesIn('index'), ...filesIn('cli'), ...filesIn('loadtest')];
  const wrong = users
    .flatMap(importsOf)
    .filter(({ to }) => to.split('/').length > 2 && to.startsWith('src/'))
    .filter(({ from, to }) => !(from.startsWith('src/') && roomOf(from) === roomOf(to)))
    .filter(({ to }) => !/^src\/[a-z]+\/index\.ts$/.test(to));
  assert.deepEqual(wrong, []);
});

test('every room says in its index.ts what it is for', () => {
  for (const room of [...GROUND, ...ORDER.slice(0, ORDER.indexOf('app'))]) {
    assert.match(readFileSync(join(ROOT, 'src', room, 'index.ts'), 'utf8'), /^\/\/ \S/, room);
  }
});

test('nothing below http knows a status code', () => {
  const below = filesIn('src').filter((file) => ORDER.slice(0, ORDER.indexOf('http')).includes(roomOf(file)));
  const wrong = below.filter((file) =>
    /\bstatusCode\b|ERROR_CODES\b/.test(readFileSync(join(ROOT, file), 'utf8')),
  );
  assert.deepEqual(wrong, []);
});
