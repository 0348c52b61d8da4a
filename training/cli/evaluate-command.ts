// skyfix-train evaluate: strict figures of a bundle as it is served (ONNX graphs), in both protocols.
import { Command, Option } from 'commander';
import { SkyfixError } from 'skyfix/errors';
import { nchwToRgb, rgbToNchw, stackTensors } from 'skyfix/imaging';
import { type InferenceEngine, loadBundle, openNetworks } from 'skyfix/models';
import { centreCrop, type ImageSet, imageAt } from '../data/image-set.js';
import { readTown } from '../data/town-dataset.js';
import { compare, type Embed, formatComparison } from '../demo/comparison.js';
import { GEOMETRY } from '../demo/recipe.js';
import { comparisonArea } from '../demo/town-data.js';
import { openTrainingProgress } from '../runs/progress.js';
import { SPLITS, type Split } from '../town/index.js';

const BATCH = 16;

interface EvaluateOptions {
  readonly bundle: string;
  readonly town: string;
  readonly split: Split | 'all';
  readonly json: boolean;
}

/** The sub-command `evaluate`. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('strict R@1/5/10/1 % (paired) and distances (grid of tiles) of a bundle on a town')
    .requiredOption('--bundle <dir>', 'the bundle')
    .requiredOption('--town <dir>', 'a town made by "skyfix-train town"')
    .addOption(new Option('--split <split>', 'area to ask from').choices([...SPLITS, 'all']).default('test'))
    .option('--json', 'print JSON instead of a table', false)
    .action(async (given: EvaluateOptions) => {
      const bundle = await loadBundle(given.bundle);
      const { geometry } = bundle.manifest;
      if (JSON.stringify(geometry) !== JSON.stringify(GEOMETRY)) {
        throw new SkyfixError(
          'DATASET_INVALID',
          `The bundle's geometry ${JSON.stringify(geometry)} is not the recipe's ${JSON.stringify(GEOMETRY)}.`,
        );
      }
      const networks = await openNetworks(bundle, { threads: 2 });
      try {
        const splits = given.split === 'all' ? SPLITS : [given.split];
        const { work } = openTrainingProgress();
        const area = await comparisonArea(given.split, await readTown(given.town), splits, work);
        const { generator } = networks;
        const queries = generator ? await viewsOf(generator, area.bevs) : area.bevs;
        const run = generator ? 'BEV + G + encoder' : 'BEV + encoder';
        const row = await compare(run, embedWith(networks.encoder), queries, area);
        process.stdout.write(`${given.json ? JSON.stringify(row, null, 2) : formatComparison([row])}\n`);
      } finally {
        await networks.close();
      }
    });
}

function batchOf(set: ImageSet, start: number, range: 'signed' | 'unit') {
  const count = Math.min(BATCH, set.count - start);
  const images = Array.from({ length: count }, (_, k) =>
    rgbToNchw(imageAt(set, start + k), undefined, range),
  );
  return { count, tensor: stackTensors(images) };
}

async function viewsOf(generator: InferenceEngine, bevs: ImageSet): Promise<ImageSet> {
  const data = new Uint8Array(bevs.data.length);
  const bytes = bevs.sizePx * bevs.sizePx * 3;
  for (let start = 0; start < bevs.count; start += BATCH) {
    const { count, tensor } = batchOf(bevs, start, 'signed');
    const output = await generator.run(tensor);
    for (let k = 0; k < count; k++) data.set(nchwToRgb(output, 'signed', k).data, (start + k) * bytes);
  }
  return { sizePx: bevs.sizePx, count: bevs.count, data };
}

function embedWith(encoder: InferenceEngine): Embed {
  return async (images, sizePx) => {
    const set = centreCrop(images, sizePx);
    const parts: Float32Array[] = [];
    for (let start = 0; start < set.count; start += BATCH) {
      parts.push((await encoder.run(batchOf(set, start, 'unit').tensor)).data);
    }
    const data = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      data.set(part, at);
      at += part.length;
    }
    return { count: set.count, dimensions: data.length / Math.max(1, set.count), data };
  };
}
