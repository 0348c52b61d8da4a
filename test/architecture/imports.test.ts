// Rooms and doors: imports go one way, nothing imports itself in a circle, and a room is entered by its index.ts only.
// This holds for every file of every package, with no exceptions; the order of the rooms is in rooms.ts.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  againstTheOrder,
  besideTheDoor,
  circlesIn,
  filesIn,
  folderImports,
  type Imports,
  importsOf,
  ROOT,
  readImports,
  readSource,
} from './imports.js';
import { PACKAGES, placeOf, WITHOUT_DOOR } from './rooms.js';

const imports = readImports();

describe('the rooms', () => {
  it('have their place in the order, every one of them', () => {
    const unknown = [...imports.keys()].filter((file) => (placeOf(file)?.roomIndex ?? -1) < 0);
    assert.deepEqual(unknown, []);
    const rooms = new Set([...imports.keys()].map((file) => `${file.split('/')[0]} ${placeOf(file)?.room}`));
    const empty = PACKAGES.flatMap(({ folder, rooms: names }) => names.map((name) => `${folder} ${name}`));
    assert.deepEqual(
      empty.filter((room) => !rooms.has(room)),
      [],
    );
  });

  it('import one way', () => {
    assert.deepEqual(againstTheOrder(imports), []);
  });

  it('are entered by their index.ts only', () => {
    assert.deepEqual(besideTheDoor(imports), []);
  });

  it('say in their index.ts what they are for', () => {
    const houses = new Set([...imports.keys()].map((file) => placeOf(file)?.house ?? ''));
    for (const house of houses) {
      if (!house.includes('/') || WITHOUT_DOOR.includes(house)) continue;
      assert.match(readSource(`${house}/index.ts`), /^\/\/ [A-Z].*\S/, house);
    }
  });
});

describe('circles', () => {
  it('are among no files', () => {
    assert.deepEqual(circlesIn(imports), []);
  });

  it('are among no folders', () => {
    assert.deepEqual(circlesIn(folderImports(imports)), []);
  });

  it('are among no files of the tests', () => {
    const tests = [...filesIn('test'), ...filesIn('training/test')];
    assert.deepEqual(circlesIn(new Map(tests.map((file) => [file, importsOf(file, readSource(file))]))), []);
  });
});

describe('what reads the imports', () => {
  it('sees every kind of import', () => {
    const text = `import { a } from '../b/index.js';
import type {
  C,
} from './c.js';
import './d.js';
export * from "./e.js";
const f = await import('./f.js');
new Worker(new URL('./g.js', import.meta.url));
type H = import('./h.js').H;
import { i } from 'skyfix/files';
import { join } from 'node:path';
`;
    assert.deepEqual(importsOf('src/a/a.ts', text, { './files': './dist/src/files/index.js' }), [
      'src/b/index.ts',
      'src/a/c.ts',
      'src/a/d.ts',
      'src/a/e.ts',
      'src/a/f.ts',
      'src/a/g.ts',
      'src/a/h.ts',
      'src/files/index.ts',
    ]);
  });

  it('sees every import of the repository, each of a file that is there', () => {
    for (const [file, found] of imports) {
      const statements =
        readSource(file).match(/^(?:import|export)\b[^;]*?\bfrom ['"](?:\.|skyfix\/)[^;]*;/gm) ?? [];
      assert.ok(found.length >= statements.length, `${file}: ${found.length} of ${statements.length}`);
      for (const target of found) assert.ok(existsSync(join(ROOT, target)), `${file} imports ${target}`);
    }
    assert.ok([...imports.values()].flat().length > 1000);
  });

  it('sees circles, of files and of folders, in a made-up example', () => {
    const made: Imports = new Map([
      ['src/geometry/a.ts', ['src/geometry/b.ts']],
      ['src/geometry/b.ts', ['src/geometry/c.ts', 'src/imaging/d.ts']],
      ['src/geometry/c.ts', ['src/geometry/a.ts']],
      ['src/imaging/d.ts', []],
      ['src/imaging/e.ts', ['src/geometry/f.ts']],
      ['src/geometry/f.ts', []],
      ['src/geometry/alone.ts', ['src/geometry/alone.ts']],
    ]);
    assert.deepEqual(circlesIn(made), [
      ['src/geometry/a.ts', 'src/geometry/b.ts', 'src/geometry/c.ts', 'src/geometry/a.ts'],
      ['src/geometry/alone.ts', 'src/geometry/alone.ts'],
    ]);
    assert.deepEqual(circlesIn(folderImports(made)), [['src/geometry', 'src/imaging', 'src/geometry']]);
  });

  it('sees imports against the order and beside the door', () => {
    const made: Imports = new Map([
      ['src/geometry/a.ts', ['src/imaging/index.ts', 'src/errors/index.ts', 'src/errors/codes.ts']],
      ['src/locate/a.ts', ['index/index.ts', 'src/locate/b.ts']],
      ['training/images/a.ts', ['src/files/index.ts', 'training/batches/crop.ts', 'training/nowhere/a.ts']],
      ['training/town/town.ts', ['training/town/scene/scene.ts']],
      ['training/town/scene/a.ts', ['training/town/town.ts']],
      ['cli/skyfix.ts', ['src/app.ts', 'index/list.ts']],
    ]);
    assert.deepEqual(againstTheOrder(made), [
      'src/geometry/a.ts imports src/imaging/index.ts',
      'src/locate/a.ts imports index/index.ts',
      'training/images/a.ts imports training/batches/crop.ts',
      'training/images/a.ts imports training/nowhere/a.ts',
      'training/town/scene/a.ts imports training/town/town.ts',
    ]);
    assert.deepEqual(besideTheDoor(made), [
      'src/geometry/a.ts imports src/errors/codes.ts',
      'training/images/a.ts imports training/batches/crop.ts',
      'training/images/a.ts imports training/nowhere/a.ts',
      'cli/skyfix.ts imports index/list.ts',
    ]);
  });
});

describe('http', () => {
  it('alone knows status codes', () => {
    const rooms = PACKAGES[0]?.rooms ?? [];
    const below = rooms.slice(
      0,
      rooms.findIndex((room) => room.startsWith('http')),
    );
    const wrong = [...imports.keys()].filter(
      (file) =>
        file.startsWith('src/') &&
        below.includes(placeOf(file)?.room ?? '') &&
        /\bstatusCode\b|ERROR_CODES\b/.test(readSource(file)) &&
        !file.startsWith('src/errors/'),
    );
    assert.deepEqual(wrong, []);
  });
});
