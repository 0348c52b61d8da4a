// libvips opens whatever it recognises; src/imaging/sharp.ts switches the unwanted loaders off. Who imports 'sharp' past
// it would have them on.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DOOR = join(ROOT, 'src/imaging/sharp.ts');
const SKIPPED = /[\\/](node_modules|dist|test)([\\/]|$)/;

test("'sharp' is imported by src/imaging/sharp.ts and nobody else: take it from the imaging room", () => {
  const files = ['src', 'index', 'cli', 'loadtest', 'bench', 'training']
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.(ts|mjs|js)$/.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name)),
    )
    .filter((file) => !SKIPPED.test(file));
  const importers = files.filter((file) => /(from|import\()\s*'sharp'/.test(readFileSync(file, 'utf8')));
  assert.deepEqual(importers, [DOOR]);
});
