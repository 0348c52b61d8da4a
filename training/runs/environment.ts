// Finds out on what a run is made and writes it into the run's folder as environment.json.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PACKAGE_ROOT } from 'skyfix/cli';
import { writeFileAtomic } from 'skyfix/files';
import { tf } from '../runtime/index.js';
import {
  ENVIRONMENT_FILE,
  type RunEnvironment,
  type RunEnvironmentFile,
  readEnvironment,
} from './environment-file.js';

/**
 * Variables that change what is computed, or on what. By their names, never by a prefix: others' variables begin alike
 * (Terraform's TF_VAR_..., which hold passwords).
 */
const VARIABLES: readonly string[] = [
  'CUDA_VISIBLE_DEVICES',
  'DNNL_MAX_CPU_ISA',
  'KMP_AFFINITY',
  'KMP_BLOCKTIME',
  'MKL_CBWR',
  'MKL_DYNAMIC',
  'MKL_NUM_THREADS',
  'NVIDIA_TF32_OVERRIDE',
  'OMP_DYNAMIC',
  'OMP_NUM_THREADS',
  'OMP_PLACES',
  'OMP_PROC_BIND',
  'ONEDNN_DEFAULT_FPMATH_MODE',
  'ONEDNN_MAX_CPU_ISA',
  'SKYFIX_DEVICE',
  'TF_CPP_MIN_LOG_LEVEL',
  'TF_CUDNN_DETERMINISTIC',
  'TF_CUDNN_USE_AUTOTUNE',
  'TF_DETERMINISTIC_OPS',
  'TF_ENABLE_ONEDNN_OPTS',
  'TF_FORCE_GPU_ALLOW_GROWTH',
  'TF_GPU_ALLOCATOR',
  'TF_NUM_INTEROP_THREADS',
  'TF_NUM_INTRAOP_THREADS',
  'TF_ONEDNN_ASSUME_FROZEN_WEIGHTS',
  'TF_SET_ONEDNN_FPMATH_MODE',
  'TF_XLA_FLAGS',
  'UV_THREADPOOL_SIZE',
  'XLA_FLAGS',
];

/** The environment of this process. */
export async function findEnvironment(
  sources: string = PACKAGE_ROOT,
  variables: NodeJS.ProcessEnv = process.env,
): Promise<RunEnvironment> {
  const manifest = JSON.parse(await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  const processors = cpus();
  const { binding } = tf.backend() as unknown as { binding: { TF_Version: string } };
  return {
    started: new Date().toISOString(),
    versions: {
      node: process.versions.node,
      skyfix: manifest.version,
      tfjs: tf.version.tfjs,
      tensorflow: binding.TF_Version,
    },
    platform: `${process.platform} ${process.arch}`,
    cpu: { model: processors[0]?.model.trim() ?? 'unknown', cores: processors.length },
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    gpus: await gpus(),
    git: await gitState(sources),
    variables: Object.fromEntries(
      VARIABLES.flatMap((name) => {
        const value = variables[name];
        return value === undefined ? [] : [[name, value] as const];
      }),
    ),
  };
}

/** Writes environment.json into a run's folder; what it held of earlier starts is kept behind the new one. */
export async function writeEnvironment(dir: string): Promise<RunEnvironmentFile> {
  const path = join(dir, ENVIRONMENT_FILE);
  const earlier = await readEnvironment(dir);
  const { earlierStarts = [], ...last } = earlier ?? {};
  const environment: RunEnvironmentFile = {
    ...(await findEnvironment()),
    earlierStarts: earlier ? [last as RunEnvironment, ...earlierStarts] : [],
  };
  await writeFileAtomic(path, `${JSON.stringify(environment, null, 2)}\n`);
  return environment;
}

const run = promisify(execFile);

/** nvidia-smi's list of GPUs; none where there is no driver. */
async function gpus(): Promise<string[]> {
  const query = ['--query-gpu=name,memory.total,driver_version', '--format=csv,noheader'];
  const { stdout } = await run('nvidia-smi', query, { timeout: 10_000 }).catch(() => ({ stdout: '' }));
  return stdout.split('\n').flatMap((line) => line.trim() || []);
}

async function gitState(folder: string): Promise<RunEnvironment['git']> {
  try {
    const git = async (...args: string[]) => (await run('git', ['-C', folder, ...args])).stdout.trim();
    const commit = await git('rev-parse', 'HEAD');
    return { commit, dirty: (await git('status', '--porcelain')) !== '' };
  } catch {
    return null;
  }
}
