// The matrix of methods that the report compares: each group is one method, run once for each seed.

export interface MatrixGroup {
  readonly group: string;
  /** Over the preset "ablation". */
  readonly set: readonly string[];
  /** Groups with the same text (and seed) have the same stage 1, which is trained once. */
  readonly generator?: string;
}

/** Label fractions of the matrix, percent. */
const FRACTIONS = [3, 10, 50] as const;

const views = (percent: number, ...set: readonly string[]): Pick<MatrixGroup, 'set' | 'generator'> => ({
  set: [`labels.fraction=${percent / 100}`, ...set],
  generator: `bev-cyclegan-contrast-${percent}`,
});

/** Methods first (tables 1, 2 and 3), then label fractions and strategies (tables 4 and 5, figure 6). */
export const MATRIX: readonly MatrixGroup[] = [
  { group: 'raw-panorama', set: ['queries=panorama'] },
  { group: 'bev', set: ['queries=bev'] },
  {
    group: 'cyclegan-from-panorama',
    set: ['stage1.input=panorama', 'stage1.lambdaContrast=0', 'networks.generator.learnResidual=false'],
    generator: 'panorama-cyclegan',
  },
  { group: 'bev-cyclegan', set: ['stage1.lambdaContrast=0'], generator: 'bev-cyclegan' },
  {
    group: 'bev-cyclegan-contrast-direct', // the paper's form of G
    set: ['networks.generator.learnResidual=false'],
    generator: 'bev-cyclegan-contrast-direct',
  },
  {
    group: 'bev-cyclegan-contrast',
    ...views(100, 'evaluation.robustness=true', 'evaluation.sheets=true'),
  },
  ...FRACTIONS.flatMap((percent): MatrixGroup[] => [
    { group: `views-${percent}-supervised`, ...views(percent) },
    { group: `views-${percent}-fixed`, ...views(percent, 'selfTraining.strategy=fixed') },
    { group: `views-${percent}-dynamic`, ...views(percent, 'selfTraining.strategy=dynamic') },
  ]),
  { group: 'views-10-margin', ...views(10, 'selfTraining.strategy=margin') },
  { group: 'views-10-ucvgl', ...views(10, 'selfTraining.strategy=ucvgl') },
  // Table 5 without a generator, and the paper's own setting, in which G sees every pair.
  ...([3, 10] as const).flatMap((percent) =>
    (['bev', 'panorama'] as const).flatMap((queries): MatrixGroup[] => {
      const set = [`labels.fraction=${percent / 100}`, `queries=${queries}`];
      return [
        { group: `${queries}-${percent}-supervised`, set },
        { group: `${queries}-${percent}-dynamic`, set: [...set, 'selfTraining.strategy=dynamic'] },
      ];
    }),
  ),
  ...(['none', 'dynamic'] as const).map((strategy): MatrixGroup => {
    const name = strategy === 'none' ? 'supervised' : strategy;
    const set = ['labels.fraction=0.03', 'stage1.pairs=all', `selfTraining.strategy=${strategy}`];
    return { group: `views-3-all-pairs-${name}`, set, generator: 'bev-cyclegan-contrast-3-all-pairs' };
  }),
];
