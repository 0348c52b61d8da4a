// skyfix-train train: stage 1 (generator), stage 2 (views), stage 3 (encoder), and the bundle.
import { Command } from 'commander';
import { readTown } from '../data/town-dataset.js';
import { ENCODER, GENERATION, GEOMETRY, PROFILE } from '../demo/recipe.js';
import { areaData } from '../demo/town-data.js';
import { runEncoder, runGenerator } from '../demo/train.js';
import { writeBundle } from '../export/index.js';
import { openTrainingProgress } from '../runs/progress.js';
import { generateViews } from '../stages/generation.js';
import { wholeNumber } from './numbers.js';

interface TrainOptions {
  readonly town: string;
  readonly out: string;
  readonly work: string;
  readonly name: string;
  readonly seed: number;
  readonly generatorSteps: number;
  readonly encoderSteps: number;
  readonly batch: number;
  readonly generator: boolean;
  readonly safetensors: boolean;
}

/** The sub-command `train`. */
export function trainCommand(): Command {
  return new Command('train')
    .description("train on a town's training area and write a bundle; continues from checkpoints in --work")
    .requiredOption('--town <dir>', 'a town made by "skyfix-train town"')
    .requiredOption('--out <dir>', 'folder of the bundle; replaced where it exists')
    .option('--work <dir>', 'folder of checkpoints', 'var/train')
    .option('--name <name>', 'name of the bundle', 'small-town')
    .option('--seed <n>', 'seed of weights and batches', wholeNumber(0, 2 ** 31 - 1), ENCODER.seed)
    .option('--generator-steps <n>', 'steps of stage 1', wholeNumber(1, 10_000_000), GENERATION.steps)
    .option('--encoder-steps <n>', 'steps of stage 3', wholeNumber(1, 10_000_000), ENCODER.steps)
    .option('--batch <n>', 'pairs in a batch of stage 3', wholeNumber(2, 1024), ENCODER.batch)
    .option('--no-generator', 'BEV straight into the encoder')
    .option('--safetensors', 'write the weights as safetensors too', false)
    .action(async (given: TrainOptions) => {
      const town = await readTown(given.town);
      const train = await areaData(town, ['train'], openTrainingProgress().work);
      const options = {
        workDir: given.work,
        generation: { ...GENERATION, seed: given.seed + 1, steps: given.generatorSteps },
        encoder: {
          ...ENCODER,
          seed: given.seed,
          steps: given.encoderSteps,
          batch: given.batch,
          tripletFromStep: Math.floor(given.encoderSteps / 2),
        },
      };
      const generator = given.generator ? await runGenerator(train, options) : undefined;
      const queries = generator ? await generateViews(generator, train.bevs) : train.bevs;
      const encoder = await runEncoder(generator ? 'views' : 'bev', queries, train, options);
      const manifest = await writeBundle(given.out, {
        name: given.name,
        version: new Date().toISOString().slice(0, 10),
        profile: PROFILE.name,
        geometry: GEOMETRY,
        ...(generator && {
          generator: { params: generator.params.toArrays(), config: PROFILE.generator },
        }),
        encoder: { params: encoder.params.toArrays(), config: PROFILE.encoder },
        training: { town: given.town, places: train.rows.length, pairs: 'all', ...options },
        safetensors: given.safetensors,
      });
      process.stdout.write(`${given.out}: ${manifest.name} ${manifest.version}\n`);
    });
}
