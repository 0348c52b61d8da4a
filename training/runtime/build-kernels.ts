// Builds the kernels of runtime/native for this processor; run by npm run setup:training. Nothing to do where they
// are built already.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KERNEL_FLAGS, KERNEL_SOURCES, kernelLibraryPath } from './kernels.js';

const path = kernelLibraryPath();
if (!existsSync(path)) {
  process.stderr.write('setup:training: building the kernels (about 10 s)\n');
  const training = join(dirname(fileURLToPath(import.meta.url)), '../..');
  const tensorflow = join(training, 'node_modules/@tensorflow/tfjs-node-gpu/deps');
  const sources = readdirSync(KERNEL_SOURCES)
    .filter((name) => name.endsWith('.cc'))
    .map((name) => join(KERNEL_SOURCES, name));
  mkdirSync(dirname(path), { recursive: true });
  const half = `${path}.${process.pid}.tmp`;
  const found = '-Wl,-rpath,$ORIGIN/../@tensorflow/tfjs-node-gpu/deps/lib'; // the addon loads TensorFlow
  const libraries = [`-L${join(tensorflow, 'lib')}`, '-ltensorflow_framework', found];
  const args = [...KERNEL_FLAGS, `-I${join(tensorflow, 'include')}`, ...sources, '-o', half, ...libraries];
  const { status, stderr } = spawnSync('g++', args, { encoding: 'utf8' });
  if (status === 0) renameSync(half, path);
  else {
    process.stderr.write(`setup:training: g++ failed (exit ${status}):\n${stderr}\n`);
    process.exitCode = 1;
  }
}
