// Builds the native kernels of training/runtime/native, once training/ itself is built.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** False where they cannot be built; what the compiler said is on stderr then. SKYFIX_KERNELS=off does without. */
export function buildKernels(training) {
  if (process.env.SKYFIX_KERNELS === 'off') return true;
  const builder = join(training, 'dist/runtime/build-kernels.js');
  return spawnSync(process.execPath, [builder], { stdio: 'inherit' }).status === 0;
}
