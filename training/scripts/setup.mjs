// npm run setup:training: installs the training package without install scripts, takes TensorFlow's libraries and
// headers from the PyPI wheel (kept in a user cache folder), builds the native addon against them, builds training/.
// Each step checks first whether its result is there, so a second run takes about a second. Nothing in the root
// package needs any of this.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { buildKernels } from './kernels.mjs';

const TENSORFLOW_VERSION = '2.21.0';
/** Checksums of the wheels that were tried; another wheel of the same version is taken with a note. */
const KNOWN_WHEELS = {
  '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c': 'cp311, linux x64',
};
const HEADER_FOLDERS = [
  'tensorflow/c',
  'tensorflow/core/platform',
  'xla/tsl/c',
  'xla/tsl/platform',
  'tsl/platform',
];

const training = dirname(dirname(fileURLToPath(import.meta.url)));
const addonPackage = join(training, 'node_modules/@tensorflow/tfjs-node-gpu');

/** A failure whose message tells what to do; printed without a stack. */
class SetupError extends Error {}

const say = (text) => process.stderr.write(`setup:training: ${text}\n`);

/** Runs a command with its output on stderr; throws with the tail of what it printed. */
function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, ...options });
  if (result.error) throw new SetupError(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) {
    const tail = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-25).join('\n');
    throw new SetupError(`"${command} ${args.join(' ')}" failed (exit ${result.status}):\n${tail}`);
  }
  return result.stdout;
}

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

async function sha256(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Downloads the wheel for the running Python, or for 3.12 where there is none for it (only its C libraries are used). */
function downloadWheel(folder) {
  const args = [
    '-m',
    'pip',
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--disable-pip-version-check',
    '-d',
    folder,
  ];
  const requirement = `tensorflow-cpu==${TENSORFLOW_VERSION}`;
  say(`downloading ${requirement} (about 270 MB)`);
  try {
    run('python3', [...args, requirement]);
  } catch (first) {
    say('no wheel for this Python; taking the one for Python 3.12 (its libraries do not depend on Python)');
    const platform = [
      '--python-version',
      '3.12',
      '--implementation',
      'cp',
      '--platform',
      'manylinux_2_27_x86_64',
    ];
    try {
      run('python3', [...args, ...platform, requirement]);
    } catch {
      throw first;
    }
  }
}

const findWheel = (folder) =>
  existsSync(folder) ? readdirSync(folder).find((name) => /^tensorflow_cpu-.*\.whl$/.test(name)) : undefined;

// The wheel is a zip file, and Python, which pip needs anyway, reads zip files.
const UNPACK = `
import sys, zipfile, os, shutil
wheel, out, folders = sys.argv[1], sys.argv[2], sys.argv[3:]
archive = zipfile.ZipFile(wheel)
for name in archive.namelist():
    if name in ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'):
        path = os.path.join(out, 'lib', os.path.basename(name))
    elif name.startswith(tuple('tensorflow/include/' + f + '/' for f in folders)) and not name.endswith('/'):
        path = os.path.join(out, 'include', name[len('tensorflow/include/'):])
    else:
        continue
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with archive.open(name) as source, open(path, 'wb') as target:
        shutil.copyfileobj(source, target, 1 << 20)
`;

/** The cache folder with lib/ and include/; filled once for all checkouts of this user. */
async function tensorflowLibraries() {
  const cache = join(
    process.env.SKYFIX_CACHE ?? join(homedir(), '.cache/skyfix'),
    `tensorflow-${TENSORFLOW_VERSION}`,
  );
  const unpacked = join(cache, 'unpacked');
  if (existsSync(join(unpacked, 'lib/libtensorflow.so'))) return unpacked;
  mkdirSync(cache, { recursive: true });
  if (!findWheel(cache)) downloadWheel(cache);
  const name = findWheel(cache);
  if (!name) throw new SetupError(`pip wrote no tensorflow_cpu wheel to ${cache}.`);
  const wheel = join(cache, name);
  const digest = await sha256(wheel);
  const known = KNOWN_WHEELS[digest];
  say(
    known
      ? `wheel checksum as expected (${known})`
      : `${name} has not been tried before; pip checked its integrity`,
  );
  say('unpacking its libraries and headers (850 MB)');
  const half = join(cache, `unpacked.${process.pid}.tmp`);
  rmSync(half, { recursive: true, force: true });
  run('python3', ['-c', UNPACK, wheel, half, ...HEADER_FOLDERS]);
  symlinkSync('libtensorflow_cc.so.2', join(half, 'lib/libtensorflow.so'));
  symlinkSync('libtensorflow_framework.so.2', join(half, 'lib/libtensorflow_framework.so'));
  rmSync(unpacked, { recursive: true, force: true });
  renameSync(half, unpacked);
  rmSync(wheel);
  return unpacked;
}

/** Node's own headers where they lie beside the running node, so that node-gyp downloads none. */
function localNodeHeaders() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? { npm_config_nodedir: prefix } : {};
}

/** Compiles the addon in the package's folder; its run path finds deps/lib, which links to the cache. */
function buildAddon(libraries) {
  link(join(libraries, 'lib'), join(addonPackage, 'deps/lib'));
  link(join(libraries, 'include'), join(addonPackage, 'deps/include'));
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

try {
  checkPrerequisites();
  installPackages();
  link('../..', join(training, 'node_modules/skyfix'));
  buildAddon(await tensorflowLibraries());
  if (!process.argv.includes('--no-build')) buildTraining();
  say('ready');
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
