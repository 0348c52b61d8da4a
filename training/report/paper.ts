// The paper's own numbers (Remote Sensing 2026, 18(6), 944), for columns marked as the paper's. Its tables came to us as text
// without their cells: only what its sentences say is here.

export const PAPER_COLUMN = 'paper (CVUSA/CVACT)';

/** Table 1 as its text gives it: how much BEV-CycleGAN + contrast gains over each, percent, CVUSA then CVACT. */
export const PAPER_GENERATION_GAINS = {
  cycleGan: { psnrDb: [41.45, 42.3], ssim: [16.28, 18.48], rmse: [22.32, 25.35] },
  bev: { psnrDb: [19.71, 16.02], ssim: [8.06, 8.0], rmse: [14.16, 15.51] },
  bevCycleGan: { psnrDb: [3.76, 2.83], ssim: [6.57, 6.12], rmse: [9.94, 9.28] },
} as const;

/** Table 2: R@1, percent, CVUSA and CVACT test, as far as told. */
export const PAPER_RETRIEVAL = [
  { method: 'BEV-CycleGAN + contrast, dynamic threshold (the paper)', cvusa: 98.94, cvactTest: 72.42 },
  { method: 'Sample4Geo', cvusa: 98.68, cvactTest: 71.57 },
  { method: 'EP-BEV', cvusa: 98.71, cvactTest: 73.68 },
] as const;

/** Table 3: what the paper prints for ConvNeXt-B, and its time a query on a 4090-class GPU. */
export const PAPER_COST = { parametersM: 25.8, gigaFlops: 14.5, queryS: 0.18 } as const;

/** How much longer a step of stage 1 takes with contrast, percent, CVUSA then CVACT. */
export const PAPER_CONTRAST_TIME = [28.1, 28.6] as const;

/** Table 4: R@1 on CVACT, percent, by share of labels. */
export const PAPER_FRACTIONS: readonly {
  readonly fraction: number;
  readonly dynamic: number;
  readonly ucvgl?: number;
}[] = [
  { fraction: 0.01, dynamic: 70.3, ucvgl: 68.29 },
  { fraction: 0.2, dynamic: 82.19, ucvgl: 79.6 },
  { fraction: 0.75, dynamic: 85.78, ucvgl: 83.88 },
  { fraction: 1, dynamic: 86.32 },
];

/** Table 5: top-1, percent. */
export const PAPER_ABLATION = {
  matching: 19.2,
  'BEV_CycleGAN+Matching': 38.7,
  'DT+Matching': 42.3,
  'BEV_CycleGAN-DT+Matching': 48.5,
} as const;

/** Figure 6: precision of the dynamic threshold's selection at the start and at the end, percent. */
export const PAPER_PRECISION = [61.35, 90.38] as const;

/** Robustness: points of R@1 lost. */
export const PAPER_LOSSES = { cameraHeightOver10Percent: 4.5, steepSlope: 4.5, hallucination: 3.2 } as const;
