// One-way imports: which room may import which, and only through its door.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** A room may import rooms of a lower rank, and itself. */
const RANK: Readonly<Record<string, number>> = {
  errors: 0,
  config: 1,
  files: 1,
  geometry: 2,
  imaging: 3,
  models: 4,
  search: 5,
  locate: 6,
  http: 7,
  'app.ts': 8,
  'server.ts': 9,
};

interface Import {
  readonly from: string;
  readonly to: string;
}

function sourcesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules') && !name.includes(`dist${sep}`))
    .map((name) => join(folder, name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]/g)].map(
    (match) => match[1] ?? '',
  );
  return specifiers.map((specifier) => {
    const target = resolve(ROOT, dirname(file), specifier).replace(/\.js$/, '.ts');
    return { from: file, to: relative(ROOT, target) };
  });
}

const roomOf = (file: string) => (file.startsWith(`src${sep}`) ? (file.split(sep)[1] ?? '') : undefined);

describe('imports', () => {
  const inSrc = sourcesIn('src').flatMap(importsOf);

  test('src has rooms of known rank only, and this test sees them', () => {
    const rooms = new Set(sourcesIn('src').map((file) => roomOf(file) ?? ''));
    assert.deepEqual(
      [...rooms].filter((room) => !(room in RANK)),
      [],
    );
    assert.ok(inSrc.length > 50, `${inSrc.length} imports`);
  });

  test('src imports nothing but src', () => {
    assert.deepEqual(
      inSrc.filter(({ to }) => roomOf(to) === undefined),
      [],
    );
  });

  test('rooms import lower rooms only', () => {
    const upward = inSrc.filter(({ from, to }) => {
      const [here, there] = [roomOf(from) ?? '', roomOf(to) ?? ''];
      return here !== there && (RANK[there] ?? 99) >= (RANK[here] ?? -1);
    });
    assert.deepEqual(upward, []);
  });

  test('other rooms are entered through their index.ts', () => {
    const outside = ['index', 'cli'].flatMap(sourcesIn).flatMap(importsOf);
    const backDoors = [...inSrc, ...outside].filter(({ from, to }) => {
      const room = roomOf(to);
      if (room === undefined || room === roomOf(from) || room.endsWith('.ts')) return false;
      return to !== join('src', room, 'index.ts');
    });
    assert.deepEqual(backDoors, []);
  });

  test('no file imports itself in a circle', () => {
    const edges = new Map<string, string[]>();
    for (const { from, to } of inSrc) edges.set(from, [...(edges.get(from) ?? []), to]);
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): void => {
      assert.ok(!path.includes(file), `circle: ${[...path, file].join(' -> ')}`);
      if (done.has(file)) return;
      for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of edges.keys()) visit(file, []);
  });
});
