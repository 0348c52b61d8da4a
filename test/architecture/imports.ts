// Which file imports which, and what follows from that: circles, and imports against the order of the rooms.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PACKAGES, placeOf } from './rooms.js';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** A file's name from the repository's root -> the files that it imports. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** Statements, import(), and the files that worker threads run. */
const IMPORT = new RegExp(
  [
    /(?:^|\n)\s*(?:import|export)\s[^;'"`]*?from\s+['"]([^'"]+)['"]/,
    /(?:^|\n)\s*import\s+['"]([^'"]+)['"]/,
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)/,
    /\bnew URL\(\s*['"]([^'"]+\.js)['"]/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

export function readSource(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** What is no source, wherever it lies; packages link to one another in circles. */
const NO_SOURCES = new Set(['node_modules', 'dist', 'var']);

/** Every file of a folder of the repository with such an end, but of no package that is installed and nothing that is built. */
export function filesIn(folder: string, ends = /\.ts$/): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = posix.join(folder, entry.name);
    if (entry.isDirectory()) return NO_SOURCES.has(entry.name) ? [] : filesIn(name, ends);
    return entry.isFile() && ends.test(name) ? [name] : [];
  });
}

/** The repository's files that a source text imports: relative ones, and those that package.json exports as skyfix/NAME. */
export function importsOf(
  file: string,
  text: string,
  exported: Readonly<Record<string, string>> = {},
): readonly string[] {
  const names = [...text.matchAll(IMPORT)].map((match) => match.slice(1).find((name) => name !== undefined));
  return names.flatMap((name = '') => {
    if (name.startsWith('.')) return posix.join(posix.dirname(file), name).replace(/\.js$/, '.ts');
    const [, door] = /^skyfix\/(.+)$/.exec(name) ?? [];
    if (door === undefined) return [];
    const built = exported[`./${door}`];
    return built?.replace('./dist/', '').replace(/\.js$/, '.ts') ?? `skyfix/${door}`;
  });
}

/** Of all packages; tests are none, they look into rooms. */
export function readImports(): Imports {
  const { exports } = JSON.parse(readSource('package.json')) as { exports: Record<string, string> };
  const files = PACKAGES.flatMap(({ folder }) => filesIn(folder)).filter(
    (file) => !file.startsWith('training/test/'),
  );
  return new Map(files.map((file) => [file, importsOf(file, readSource(file), exports)]));
}

/** The same between folders: an import from a file of one to a file of another. */
export function folderImports(imports: Imports): Imports {
  const folders = new Map<string, Set<string>>();
  for (const [file, targets] of imports) {
    const from = dirname(file);
    const to = folders.get(from) ?? new Set();
    folders.set(from, to);
    for (const target of targets)
      if (imports.has(target) && dirname(target) !== from) to.add(dirname(target));
  }
  return new Map([...folders].map(([folder, to]) => [folder, [...to]]));
}

/** A way that leads from each of these back to it, for every set of names that import each other in a circle. */
export function circlesIn(imports: Imports): readonly (readonly string[])[] {
  const done = new Set<string>();
  const circles: string[][] = [];
  const visit = (name: string, way: readonly string[]): void => {
    const at = way.indexOf(name);
    if (at >= 0) {
      circles.push([...way.slice(at), name]);
      return;
    }
    if (done.has(name)) return;
    for (const target of imports.get(name) ?? []) visit(target, [...way, name]);
    done.add(name);
  };
  for (const name of imports.keys()) visit(name, []);
  return circles;
}

/** "FILE imports FILE" for every import from a room or package to one that comes later, or that is in no table. */
export function againstTheOrder(imports: Imports): readonly string[] {
  return pairs(imports)
    .filter(([from, to]) => {
      const [a, b] = [placeOf(from), placeOf(to)];
      if (!a || !b || a.roomIndex < 0 || b.roomIndex < 0) return true;
      return a.packageIndex === b.packageIndex ? b.roomIndex > a.roomIndex : b.packageIndex > a.packageIndex;
    })
    .map(([from, to]) => `${from} imports ${to}`);
}

/** "FILE imports FILE" for every import into another house that is not by its door. */
export function besideTheDoor(imports: Imports): readonly string[] {
  return pairs(imports)
    .filter(([from, to]) => {
      const [a, b] = [placeOf(from), placeOf(to)];
      return a?.house !== b?.house && b !== undefined && b.house !== 'src' && to !== `${b.house}/index.ts`;
    })
    .map(([from, to]) => `${from} imports ${to}`);
}

function pairs(imports: Imports): readonly (readonly [string, string])[] {
  return [...imports].flatMap(([from, targets]) => targets.map((to) => [from, to] as const));
}
