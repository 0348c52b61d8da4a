// skyfix-train evaluate: strict figures of a bundle by its ONNX graphs, on what its first network takes, in both protocols.
import { join } from 'node:path';
import { Command, Option } from 'commander';
import type { FieldOfView } from 'skyfix/geometry';
import { BUNDLE_INPUTS, loadBundle, openNetworks } from 'skyfix/models';
import type { ImageStore } from '../data/image-store.js';
import { prepareArea } from '../data/prepare.js';
import { FORMATS, openDataset } from '../datasets/index.js';
import { evaluateArea } from '../pipeline/evaluate-area.js';
import { onnxEmbed, onnxViews } from '../pipeline/onnx-embed.js';
import { summaryTable } from '../report/summary-table.js';
import { openTrainingProgress } from '../runs/progress.js';
import { SPLITS, type Split } from '../town/index.js';
import { fieldOfView, wholeNumber } from './numbers.js';

interface EvaluateOptions {
  readonly bundle: string;
  readonly town?: string;
  readonly root?: string;
  readonly format: (typeof FORMATS)[number];
  readonly split: Split | 'all';
  readonly fieldOfView?: FieldOfView;
  readonly gridStrideM: number;
  readonly cache: string;
  readonly json: boolean;
}

/** The sub-command `evaluate`. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('strict R@1/5/10/1 % (paired) and distances (grid of tiles) of a bundle on a data set')
    .requiredOption('--bundle <dir>', 'the bundle')
    .option('--town <dir>', 'a town made by "skyfix-train town": the same as --format town --root DIR')
    .addOption(new Option('--format <format>', 'format of the data set').choices(FORMATS).default('town'))
    .option('--root <path>', 'its folder')
    .addOption(new Option('--split <split>', 'area to ask from').choices([...SPLITS, 'all']).default('test'))
    .option(
      '--field-of-view <horizontal,vertical[,horizon]>',
      'degrees that panoramas show whose files do not say it (default: as in training), and the share of the rows above the horizon (default: 0.5)',
      fieldOfView,
    )
    .option('--grid-stride-m <m>', 'stride of the grid of tiles; 0: paired only', wholeNumber(0, 1000), 16)
    .option('--cache <dir>', 'folder of prepared images', join('var', 'cache'))
    .option('--json', 'print JSON instead of a table', false)
    .action(async (given: EvaluateOptions, command: Command) => {
      const root = given.town ?? given.root;
      if (root === undefined) command.error('error: give --town <dir>, or --format and --root');
      const format = given.town === undefined ? given.format : 'town';
      const bundle = await loadBundle(given.bundle, { inputs: BUNDLE_INPUTS });
      const { geometry, input = 'bev' } = bundle.manifest;
      const progress = openTrainingProgress();
      const networks = await openNetworks(bundle, { threads: 2 });
      try {
        const dataset = await openDataset({
          format,
          root: root as string,
          ...(given.fieldOfView && { fieldOfView: given.fieldOfView }),
        });
        const splits = given.split === 'all' ? SPLITS : [given.split];
        const mosaic = format === 'town' || format === 'photos';
        const area = await prepareArea(dataset, splits, geometry, {
          cacheDir: given.cache,
          panoramas: input === 'panorama',
          ...(mosaic && given.gridStrideM > 0 && { grid: { strideM: given.gridStrideM } }),
          onProgress: (what, done, total) => progress.work(what)(done, total),
        });
        const { generator, encoder } = networks;
        const inputs = input === 'panorama' ? (area.panoramas as ImageStore) : area.bevs;
        const queries = generator ? await onnxViews(generator, inputs) : inputs;
        const embed = onnxEmbed(encoder, geometry.inputSizePx);
        const { result } = await evaluateArea(given.split, 'trained', embed, queries, area, geometry);
        const text = given.json ? JSON.stringify(result, null, 2) : summaryTable([result]);
        process.stdout.write(`${text}\n`);
      } finally {
        progress.stop();
        await networks.close();
      }
    });
}
