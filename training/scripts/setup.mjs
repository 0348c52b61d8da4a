// npm run setup:training: installs the training package without install scripts, takes TensorFlow's libraries and
// headers from the PyPI wheel (kept in a user cache folder), builds the native addon against them, builds training/.
// Each step checks first whether its result is there, so a second run takes about a second. Nothing in the root
// package needs any of this.
//   --cuda      TensorFlow's CUDA build and NVIDIA's libraries, for runtime.device: cuda (untried on a GPU); later runs
//               keep to it
//   --cpu       back to the CPU build
//   --no-build  leaves out building training/ itself
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, runSetup, SetupError, speaker } from '../../scripts/setup-steps.mjs';
import { buildKernels } from './kernels.mjs';
import { tensorflowLibraries } from './tensorflow-wheels.mjs';

const say = speaker('setup:training');
const training = dirname(dirname(fileURLToPath(import.meta.url)));
const addonPackage = join(training, 'node_modules/@tensorflow/tfjs-node-gpu');

function checkPrerequisites() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new SetupError(
      `the TensorFlow addon is built for linux x64 only, this is ${process.platform} ${process.arch}.`,
    );
  }
  const needed = [
    ['g++', ['--version'], 'a C++ compiler (Debian/Ubuntu: apt-get install g++)'],
    ['make', ['--version'], 'make (Debian/Ubuntu: apt-get install make)'],
    ['python3', ['--version'], 'Python 3 (Debian/Ubuntu: apt-get install python3)'],
    ['python3', ['-m', 'pip', '--version'], 'pip (Debian/Ubuntu: apt-get install python3-pip)'],
  ];
  const missing = needed.filter(([command, args]) => spawnSync(command, args).status !== 0);
  if (missing.length > 0) {
    throw new SetupError(`missing: ${missing.map(([, , what]) => what).join('; ')}. Install and run again.`);
  }
}

/** npm ci without install scripts, unless what is installed is exactly what the lock file asks for. */
function installPackages() {
  const lock = readFileSync(join(training, 'package-lock.json'));
  const stamp = join(training, 'node_modules/.skyfix-lock.sha256');
  const wanted = createHash('sha256').update(lock).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(addonPackage)) return;
  say('installing packages (npm ci --ignore-scripts)');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: training });
  writeFileSync(stamp, wanted);
}

/** Makes `path` a link to `target`, replacing a link (never a folder) that points elsewhere. */
function link(target, path) {
  const state = lstatSync(path, { throwIfNoEntry: false });
  if (state && !state.isSymbolicLink())
    throw new SetupError(`${path} is not a link; remove it and run again.`);
  if (state && existsSync(path) && realpathSync(path) === realpathSync(resolve(dirname(path), target)))
    return;
  rmSync(path, { force: true });
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/** Node's own headers where they lie beside the running node, so that node-gyp downloads none. */
function localNodeHeaders() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? { npm_config_nodedir: prefix } : {};
}

/** Which build of TensorFlow: the one asked for, else the one that is linked. */
function wantsCuda() {
  if (process.argv.includes('--cuda')) return true;
  const linked = join(addonPackage, 'deps/lib');
  return !process.argv.includes('--cpu') && existsSync(linked) && realpathSync(linked).includes('-cuda/');
}

/** Compiles the addon in the package's folder; its run path finds deps/lib, which links to the cache. */
function buildAddon(libraries) {
  link(libraries.lib, join(addonPackage, 'deps/lib'));
  link(libraries.include, join(addonPackage, 'deps/include'));
  const built = join(addonPackage, 'lib');
  if (existsSync(built) && readdirSync(built).some((f) => existsSync(join(built, f, 'tfjs_binding.node'))))
    return;
  say('building the TensorFlow addon (about 10 s)');
  const nodePreGyp = join(training, 'node_modules/.bin/node-pre-gyp');
  run(process.execPath, [realpathSync(nodePreGyp), 'install', '--build-from-source'], {
    cwd: addonPackage,
    env: { ...process.env, JOBS: '2', ...localNodeHeaders() },
  });
  // Loading it now shows a library that does not fit this system here, and not in the first training run.
  const load = `require('node:util').isNullOrUndefined ??= (x) => x == null; require(${JSON.stringify(addonPackage)})`;
  try {
    run(process.execPath, ['-e', load], { cwd: training });
  } catch (error) {
    rmSync(built, { recursive: true, force: true });
    throw error;
  }
}

function buildTraining() {
  const tsc = join(training, '../node_modules/.bin/tsc');
  if (!existsSync(tsc))
    throw new SetupError('the root package is not installed: run "npm ci" in the repository first.');
  run(tsc, ['-p', join(training, 'tsconfig.json')]);
  if (!buildKernels(training))
    throw new SetupError('the kernels could not be built; SKYFIX_KERNELS=off trains without them, slower.');
}

await runSetup(say, async () => {
  checkPrerequisites();
  installPackages();
  link('../..', join(training, 'node_modules/skyfix'));
  buildAddon(await tensorflowLibraries(wantsCuda()));
  if (!process.argv.includes('--no-build')) buildTraining();
  say('ready');
});
