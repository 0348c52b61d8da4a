// What must be in the environment before TensorFlow loads. Imports nothing that loads it.
export interface RuntimeSettings {
  readonly device: 'cpu' | 'cuda';
  readonly threads: number;
  readonly math: 'float32' | 'bf16';
}

/** Sets TensorFlow's variables; what the environment already says wins. */
export function applyRuntime({ device, threads, math }: RuntimeSettings): void {
  process.env.TF_NUM_INTRAOP_THREADS ??= String(threads);
  if (math === 'bf16') process.env.TF_SET_ONEDNN_FPMATH_MODE ??= 'BF16';
  if (device === 'cpu') process.env.CUDA_VISIBLE_DEVICES ??= '-1';
}
