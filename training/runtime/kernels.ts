// The kernels of runtime/native, where they are built (npm run setup:training) and the processor is what computes:
// several passes over a feature map in one. Without them the same layers are composed of TensorFlow's own
// operations: slower, otherwise equal.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const training = join(dirname(fileURLToPath(import.meta.url)), '../..'); // from dist/runtime

export const KERNEL_SOURCES = join(training, 'runtime/native');

/** For this processor alone (-march=native), hence the processor's features in the file's name. */
export const KERNEL_FLAGS = [
  '-std=c++20',
  '-O3',
  '-march=native',
  '-ffp-contract=fast',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-fPIC',
  '-shared',
  '-fvisibility=hidden',
  '-Wno-ignored-attributes',
  '-Wno-psabi',
  '-pthread',
];

/** Where the library of these sources for this processor belongs. */
export function kernelLibraryPath(): string {
  const hash = createHash('sha256').update(KERNEL_FLAGS.join(' ')).update(processorFeatures());
  for (const name of readdirSync(KERNEL_SOURCES).sort())
    hash.update(readFileSync(join(KERNEL_SOURCES, name)));
  return join(training, 'node_modules/.skyfix-kernels', `${hash.digest('hex').slice(0, 16)}.node`);
}

/** Whether the kernels' bf16 products are the fast ones: the instruction is there, and not AMX, which TensorFlow uses. */
export function hasBf16Instruction(): boolean {
  const features = processorFeatures().split(' ');
  return features.includes('avx512_bf16') && !features.includes('amx_bf16');
}

function processorFeatures(): string {
  const file = '/proc/cpuinfo';
  const text = existsSync(file) ? readFileSync(file, 'utf8') : process.arch;
  return /^flags\s*:.*$/m.exec(text)?.[0] ?? process.arch;
}

/**
 * Announces the kernels to TensorFlow, and keeps signals off the threads that compute: to be called before TensorFlow
 * starts its own. False where the library is not built, or the environment has SKYFIX_KERNELS=off.
 */
export function loadKernels(): boolean {
  if (process.env.SKYFIX_KERNELS === 'off') return false;
  const path = kernelLibraryPath();
  if (!existsSync(path)) return false;
  process.dlopen({ exports: {} }, path);
  return true;
}
