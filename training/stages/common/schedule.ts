// Learning-rate schedules as functions of the step.

/** Constant for the first half, then linear to zero (CycleGAN's 100 + 100 epochs, in steps). */
export function linearDecay(step: number, steps: number, peak: number): number {
  const half = steps / 2;
  return step < half ? peak : peak * Math.max(0, (steps - step) / (steps - half));
}

/** Linear warm-up over `warmup` steps, then cosine to 1 % of the peak. */
export function cosineDecay(step: number, steps: number, peak: number, warmup: number): number {
  if (step < warmup) return (peak * (step + 1)) / warmup;
  const share = (step - warmup) / Math.max(1, steps - warmup);
  return peak * (0.01 + 0.99 * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, share))));
}
