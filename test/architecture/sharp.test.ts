// libvips opens whatever it recognises; src/imaging/sharp.ts switches the unwanted loaders off. Who imports 'sharp' past
// it would have them on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesIn, readSource } from './imports.js';

const DOOR = 'src/imaging/sharp.ts';

test("'sharp' is imported by src/imaging/sharp.ts and nobody else: take it from the imaging room", () => {
  const importers = ['src', 'index', 'cli', 'loadtest', 'bench', 'training']
    .flatMap((folder) => filesIn(folder, /\.(ts|mjs|js)$/))
    .filter((file) => !/(^|\/)test\//.test(file))
    .filter((file) => /(from|import\()\s*'sharp'/.test(readSource(file)));
  assert.deepEqual(importers, [DOOR]);
});
