// Packages with one door: who imports them past it would have what the door keeps out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { filesIn, readSource } from './imports.js';

const DOORS = [
  // libvips opens whatever it recognises; the door switches the unwanted loaders off.
  { name: 'sharp', door: 'src/imaging/sharp.ts', room: 'imaging' },
  // Schemas that were compiled as modules load took every command half a second; the door compiles when it is first asked.
  { name: 'ajv', door: 'src/errors/schema-check.ts', room: 'errors' },
];

describe('a package with a door', () => {
  for (const { name, door, room } of DOORS) {
    it(`'${name}' is imported by ${door} and nobody else: take it from the ${room} room`, () => {
      const imports = new RegExp(`^(import (?!type )[^;]*?from|.*import\\()\\s*'${name}'`, 'm');
      const importers = ['src', 'index', 'cli', 'loadtest', 'bench', 'training']
        .flatMap((folder) => filesIn(folder, /\.(ts|mjs|js)$/))
        .filter((file) => !/(^|\/)test\//.test(file))
        .filter((file) => imports.test(readSource(file)));
      assert.deepEqual(importers, [door]);
    });
  }
});
