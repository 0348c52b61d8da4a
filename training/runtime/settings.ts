// What TensorFlow computes on, with how many threads and how exactly. It reads these once, from the environment, when
// its library loads: so they are set before the first operation.
import { availableParallelism } from 'node:os';
import { SkyfixError } from 'skyfix/errors';

export interface RuntimeSettings {
  readonly device: 'cpu' | 'cuda';
  /** Threads inside an operation. The same number gives the same sums in the same order on every run of a machine. */
  readonly threads: number;
  /**
   * float32, or products of bfloat16 added up in float32 where the processor has instructions for them (AMX,
   * AVX512-BF16): faster on some processors, equal for a seed too, but not equal to float32.
   */
  readonly math: 'float32' | 'bf16';
}

let loaded: RuntimeSettings | undefined;

/**
 * Sets what TensorFlow will start with; fields that are absent keep the environment's or the default. Throws
 * TRAINING_CONFIG_INVALID when TensorFlow is loaded already with other settings.
 */
export function configureRuntime(wanted: Partial<RuntimeSettings>): RuntimeSettings {
  const settings = { ...(loaded ?? fromEnvironment()), ...withoutAbsent(wanted) };
  if (loaded) {
    if (JSON.stringify(settings) !== JSON.stringify(loaded)) {
      throw new SkyfixError(
        'TRAINING_CONFIG_INVALID',
        `TensorFlow is loaded with ${describe(loaded)} and cannot change to ${describe(settings)} in the same process.`,
      );
    }
    return loaded;
  }
  if (!Number.isInteger(settings.threads) || settings.threads < 1) {
    throw new SkyfixError(
      'TRAINING_CONFIG_INVALID',
      `runtime.threads is ${settings.threads}; give 1 or more.`,
    );
  }
  process.env.SKYFIX_DEVICE = settings.device;
  process.env.TF_NUM_INTRAOP_THREADS = String(settings.threads);
  process.env.TF_SET_ONEDNN_FPMATH_MODE = settings.math === 'bf16' ? 'BF16' : '';
  // With the CUDA build of TensorFlow this hides the GPUs; the CPU build has none to hide.
  if (settings.device === 'cpu') process.env.CUDA_VISIBLE_DEVICES = '-1';
  else if (process.env.CUDA_VISIBLE_DEVICES === '-1') delete process.env.CUDA_VISIBLE_DEVICES;
  return settings;
}

/** For runtime/tf.ts alone: fixes the settings; from here on TensorFlow counts as loaded. */
export function settleRuntime(): RuntimeSettings {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2'; // no start-up notices
  process.env.TF_NUM_INTEROP_THREADS ??= '1';
  loaded = configureRuntime({});
  return loaded;
}

/** SKYFIX_DEVICE=cuda, TF_NUM_INTRAOP_THREADS and TF_SET_ONEDNN_FPMATH_MODE, where nothing was configured. */
function fromEnvironment(): RuntimeSettings {
  const { SKYFIX_DEVICE, TF_NUM_INTRAOP_THREADS, TF_SET_ONEDNN_FPMATH_MODE } = process.env;
  return {
    device: SKYFIX_DEVICE === 'cuda' ? 'cuda' : 'cpu',
    threads: TF_NUM_INTRAOP_THREADS ? Number(TF_NUM_INTRAOP_THREADS) : Math.min(2, availableParallelism()),
    math: TF_SET_ONEDNN_FPMATH_MODE?.toUpperCase() === 'BF16' ? 'bf16' : 'float32',
  };
}

function withoutAbsent(wanted: Partial<RuntimeSettings>): Partial<RuntimeSettings> {
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
}

/** In words, for messages and logs. */
export function describe({ device, threads, math }: RuntimeSettings): string {
  return `device ${device}, ${threads} thread${threads === 1 ? '' : 's'}, ${math}`;
}
