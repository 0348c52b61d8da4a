// After npm ci, and in the Dockerfile: makes `npx skyfix` run without npm, compiles where there is a compiler, and builds
// the page where there is what builds it.
//
// npx installs a package that has a command in its own package.json into its cache first, with its life cycle scripts:
// slow, impossible for whoever may not write there, and under a running server. So package.json names no commands, and
// they are linked into node_modules/.bin, where npx looks next and simply runs them.
//
// dist/ is compiled only where TypeScript is installed and the sources are others than it was compiled from; it is written
// beside and then takes the old one's place.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const STAMP = '.sources.sha256';
const COMMANDS = ['skyfix', 'skyfix-train'];

linkCommands(join(root, 'node_modules/.bin'));
const compiler = join(root, 'node_modules/typescript/bin/tsc');
if (existsSync(compiler) && existsSync(join(root, 'src'))) compile(compiler);
else if (!existsSync(dist)) {
  console.error(
    'skyfix: dist/ is not there, and TypeScript is not installed: run "npm ci" without --omit=dev.',
  );
}

if (existsSync(join(root, 'node_modules/vite')) && existsSync(join(root, 'web'))) await buildPage();

/** Without it a server serves all the rest, and says so. */
async function buildPage() {
  try {
    await import('./build-page.mjs');
  } catch (error) {
    console.error(`skyfix: the page could not be built; "npm run build:page" tries again. ${error}`);
  }
}

function linkCommands(binDir) {
  mkdirSync(binDir, { recursive: true });
  for (const name of COMMANDS) {
    const link = join(binDir, name);
    const temporary = `${link}.${process.pid}.tmp`;
    symlinkSync(relative(binDir, join(root, 'bin', `${name}.js`)), temporary);
    renameSync(temporary, link);
  }
}

function compile(compiler) {
  const digest = sourcesDigest();
  if (isCompiledFrom(digest)) return;
  const fresh = `${dist}.${process.pid}.tmp`;
  const old = `${dist}.${process.pid}.old.tmp`;
  rmSync(fresh, { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [compiler, '-p', root, '--outDir', fresh], {
    stdio: 'inherit',
  });
  if (status !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    process.exit(status ?? 1);
  }
  // Last: it is the youngest file.
  writeFileSync(join(fresh, STAMP), digest);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
}

/** Not where something was compiled into dist/ later, by hand. */
function isCompiledFrom(digest) {
  const stamp = join(dist, STAMP);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== digest) return false;
  const { mtimeMs } = statSync(stamp);
  const names = readdirSync(dist, { recursive: true }).map(String);
  return names.every((name) => statSync(join(dist, name)).mtimeMs <= mtimeMs);
}

/** Of everything that tsconfig.json includes, with the compiler's version. */
function sourcesDigest() {
  const text = readFileSync(join(root, 'tsconfig.json'), 'utf8');
  const hash = createHash('sha256').update(text);
  hash.update(readFileSync(join(root, 'node_modules/typescript/package.json')));
  for (const folder of JSON.parse(text).include) {
    if (!existsSync(join(root, folder))) continue;
    const names = readdirSync(join(root, folder), { recursive: true }).map(String);
    for (const name of names.filter((name) => name.endsWith('.ts')).sort()) {
      hash.update(`\n${folder}/${name}\n`).update(readFileSync(join(root, folder, name)));
    }
  }
  return hash.digest('hex');
}
