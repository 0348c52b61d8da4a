// What serves is installed without development dependencies ("npm ci --omit=dev", the container image): every package that it
// imports is a dependency proper.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesIn, readSource } from './imports.js';

/** Types alone are gone when it runs. */
const FROM = /(?:^|\n)\s*(?:import|export)\s+(?!type\s)[^;'"`]*?from\s+'([^'.][^']*)'/g;
const OTHER = /(?:^\s*import\s+|\bimport\(\s*|\brequire(?:\([^)]*\))?\(\s*)'([^'.][^']*)'/gm;

function packagesIn(text: string): string[] {
  return [...text.matchAll(FROM), ...text.matchAll(OTHER)]
    .map(([, name = '']) => name)
    .filter((name) => !name.startsWith('node:'))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}

test('what is looked for is seen', () => {
  const text = `import a from 'a';\nimport type { B } from 'b';\nimport {\n  type C,\n} from '@c/c/deep';\nimport 'd';
export { e } from 'e';\nawait import('f');\nimport g from './g.js';\nimport { h } from 'node:h';`;
  assert.deepEqual(packagesIn(text).sort(), ['@c/c', 'a', 'd', 'e', 'f']);
});

test('every package that src, index and cli import is a dependency', () => {
  const { dependencies } = JSON.parse(readSource('package.json')) as { dependencies: Record<string, string> };
  const files = ['src', 'index', 'cli'].flatMap((folder) => filesIn(folder));
  const missing = files.flatMap((file) =>
    packagesIn(readSource(file))
      .filter((name) => !(name in dependencies))
      .map((name) => `${file}: ${name}`),
  );
  assert.deepEqual(missing, []);
});
