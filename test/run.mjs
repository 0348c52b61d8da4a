// npm run test:serving [-- ROOM... --without=ROOM...]: the built tests under Node's test runner; with names only those rooms',
// or all but those.
// A runner of its own because Node 20 takes folders and later versions take patterns.
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTests } from './runner.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const WITHOUT = '--without=';
const given = process.argv.slice(2);
const rooms = given.filter((name) => !name.startsWith(WITHOUT));
const without = given.filter((name) => name.startsWith(WITHOUT)).map((name) => name.slice(WITHOUT.length));
const files = readdirSync(join(root, 'dist/test'), { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.test.js'))
  // A build leaves what was deleted since; those are no tests any more.
  .filter((name) => existsSync(join(root, 'test', name.replace(/js$/, 'ts'))))
  .filter((name) => rooms.length === 0 || rooms.some((room) => name.startsWith(room)))
  .filter((name) => !without.some((room) => name.startsWith(room)))
  .sort()
  .map((name) => join('dist/test', name));

if (files.length === 0) {
  console.error('No tests found in dist/test: run "npm run build" first.');
  process.exit(1);
}
console.log(`Node ${process.version}: ${files.length} test files`);
// Node leaves one core to itself, which on two cores is half of them: most files wait for servers and children.
const args = [`--test-concurrency=${availableParallelism()}`];
process.exit(runTests({ title: 'serving tests', files, args, cwd: root }));
