// npm run setup:cuda: lets onnxruntime-node compute on an NVIDIA GPU (SKYFIX_ENGINE=cuda). The npm package has the processor
// and WebGPU only; its CUDA provider comes, with the onnxruntime it was built with, out of the PyPI wheel of the same
// version, pinned and its checksum held. CUDA and cuDNN themselves are the machine's: what is missing is said.
//   --undo  puts back the onnxruntime that npm installed (which has the WebGPU provider)
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fillLibraryFolder } from './library-folder.mjs';
import { runSetup, SetupError, speaker } from './setup-steps.mjs';
import { tryEngine } from './try-engine.mjs';
import { cacheFolder } from './wheels.mjs';

const VERSION = '1.30.0';
const WHEELS = {
  'linux x64': {
    tag: 'manylinux_2_28_x86_64',
    sha256: '6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1',
  },
};
const FILES =
  '^onnxruntime/capi/libonnxruntime(_providers_(shared|cuda))?\\.so|^onnxruntime/(LICENSE|ThirdParty)';
/** Name in the wheel to name beside onnxruntime-node's addon. */
const PLACES = {
  [`libonnxruntime.so.${VERSION}`]: 'libonnxruntime.so.1',
  'libonnxruntime_providers_shared.so': 'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so': 'libonnxruntime_providers_cuda.so',
};
const NEEDED =
  'It needs an NVIDIA driver of 580 or later, CUDA 13 (cudart, cublas, curand, cufft) and cuDNN 9, from the system, or from ' +
  '"python3 -m pip install --target DIR nvidia-cuda-runtime nvidia-cublas nvidia-curand nvidia-cufft nvidia-cudnn-cu13" ' +
  'with the folders DIR/nvidia/*/lib in LD_LIBRARY_PATH when the server starts.';

const say = speaker('setup:cuda');
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const addonPackage = join(root, 'node_modules/onnxruntime-node');
const addonFolder = join(addonPackage, 'bin/napi-v6', process.platform, process.arch);
const saved = join(addonFolder, 'libonnxruntime.so.1.npm');

function checkVersion() {
  const manifest = join(addonPackage, 'package.json');
  if (!existsSync(manifest)) throw new SetupError('onnxruntime-node is not installed: run "npm ci" first.');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  if (version !== VERSION)
    throw new SetupError(`onnxruntime-node is ${version}; this script has ${VERSION}.`);
}

/** A file takes its place in one step, and is never written into: node_modules may be linked from elsewhere. */
function place(from, to) {
  copyFileSync(from, `${to}.tmp`);
  renameSync(`${to}.tmp`, to);
}

function undo() {
  if (existsSync(saved)) renameSync(saved, join(addonFolder, 'libonnxruntime.so.1'));
  for (const name of Object.values(PLACES).slice(1)) rmSync(join(addonFolder, name), { force: true });
  say('onnxruntime-node is as npm installed it');
}

/** Libraries that the provider asks for and the loader does not find. */
function missingLibraries() {
  const { stdout } = spawnSync('ldd', [join(addonFolder, 'libonnxruntime_providers_cuda.so')], {
    encoding: 'utf8',
  });
  return [...(stdout ?? '').matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name);
}

await runSetup(say, async () => {
  if (process.argv.includes('--undo')) return undo();
  checkVersion();
  const folder = join(cacheFolder(), `onnxruntime-gpu-${VERSION}`);
  const wheel = {
    project: 'onnxruntime-gpu',
    version: VERSION,
    size: '240 MB',
    wheels: WHEELS,
    files: FILES,
  };
  await fillLibraryFolder(folder, wheel, say);
  if (!existsSync(saved)) copyFileSync(join(addonFolder, 'libonnxruntime.so.1'), saved);
  for (const [name, target] of Object.entries(PLACES)) place(join(folder, name), join(addonFolder, target));
  say(`onnxruntime ${VERSION} with its CUDA provider is in ${addonFolder}; "npm ci" takes it away again`);
  const missing = missingLibraries();
  if (missing.length > 0) say(`not found on this machine: ${missing.join(', ')}`);
  try {
    for (const line of tryEngine('cuda')) say(line);
  } catch (error) {
    // An image may be built where there is no GPU.
    if (!(error instanceof SetupError)) throw error;
    say(`not usable here: ${error.message}`);
    say(NEEDED);
  }
});
