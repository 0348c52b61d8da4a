// skyfix-train export: writes bundles from the command line.
import { Command, Option } from 'commander';
import { writeFileAtomic } from 'skyfix/files';
import {
  ENCODER_NAMING,
  type EncoderNames,
  exportTrunkOnnx,
  initBundle,
  pretrainedBundle,
  readTrunk,
} from '../export/index.js';
import {
  EFFICIENTNET_LITES,
  type EfficientNetLiteName,
  efficientNetLiteBlocks,
  featureChannels,
  PROFILES,
  type ProfileName,
} from '../networks/index.js';
import { DEFAULT_BLOCKS, exportRun } from '../pipeline/index.js';
import { trunkAttribution } from '../weights/index.js';
import { positiveMetres, wholeNumber, wholeNumbers } from './numbers.js';

interface ExportOptions {
  readonly init?: boolean;
  readonly run?: string;
  readonly encoderWeights?: string;
  readonly generatorWeights?: string;
  readonly trunkFeatures?: EfficientNetLiteName;
  readonly blocks?: readonly number[];
  readonly profile: ProfileName;
  readonly out: string;
  readonly seed: number;
  readonly tileSizeM: number;
  readonly safetensors?: EncoderNames;
}

/** Writes the graph of a trunk's features; tells its size and channels. Throws WEIGHTS_INVALID, TRAINING_CONFIG_INVALID. */
async function writeTrunkFeatures(
  name: EfficientNetLiteName,
  out: string,
  { blocks = DEFAULT_BLOCKS[name], encoderWeights }: Pick<ExportOptions, 'blocks' | 'encoderWeights'>,
): Promise<void> {
  const channels = featureChannels(efficientNetLiteBlocks(name), blocks);
  const arrays = await readTrunk(name, encoderWeights, Math.max(...blocks));
  const bytes = exportTrunkOnnx(name, arrays, blocks);
  await writeFileAtomic(out, bytes);
  const size = (bytes.length / 1e6).toFixed(1);
  process.stdout.write(
    `${out}: ${name}, blocks ${blocks.join(', ')}, ${channels} channels, ${size} MB\n  ${trunkAttribution(name)}\n`,
  );
}

/** The sub-command `export`. A run exports its networks at its end by itself; here they are got out at any time. */
export function exportCommand(): Command {
  return new Command('export')
    .description(
      'write a bundle (bundle.json, encoder.onnx, generator.onnx) of a run, of fresh networks or of published weights',
    )
    .addOption(
      new Option(
        '--run <dir>',
        "the networks of a run's folder, as its checkpoints have them, finished or not",
      ).conflicts(['init', 'encoderWeights', 'generatorWeights']),
    )
    .addOption(
      new Option('--init', 'freshly initialised, for benchmarks and as the untrained baseline').conflicts([
        'encoderWeights',
        'generatorWeights',
      ]),
    )
    .option(
      '--encoder-weights <file.safetensors>',
      "a ConvNeXt of the profile's size, named as by timm or torchvision; with --trunk-features a trunk's weights",
    )
    .option(
      '--generator-weights <file.safetensors>',
      "a generator named as by CycleGAN's reference; without it the BEV goes straight into the encoder",
    )
    .addOption(
      new Option(
        '--trunk-features <name>',
        "no bundle, but the features of a pretrained trunk alone, as one ONNX file: its weights are the cache folder's " +
          "(setup-trunks), or --encoder-weights's",
      )
        .choices(Object.keys(EFFICIENTNET_LITES))
        .conflicts(['init', 'run', 'generatorWeights']),
    )
    .option(
      '--blocks <list>',
      "--trunk-features: the trunk's blocks, from 0, with commas between them (default: as in a run)",
      wholeNumbers,
    )
    .addOption(
      new Option('--profile <name>', 'sizes of the networks').choices(Object.keys(PROFILES)).default('small'),
    )
    .requiredOption('--out <path>', 'folder of the bundle, or file of the features; replaced where it exists')
    .option('--seed <n>', 'seed of the first weights (--init)', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--tile-size-m <m>', 'ground size of tile and BEV', positiveMetres, 64)
    .addOption(
      new Option(
        '--safetensors [names]',
        "write the weights as safetensors too: the encoder's named as by timm or torchvision, " +
          "the generator's as by CycleGAN's reference",
      )
        .choices(Object.keys(ENCODER_NAMING))
        .preset('timm'),
    )
    .action(async (given: ExportOptions, command: Command) => {
      const { init, encoderWeights, generatorWeights, profile, out, seed, tileSizeM, safetensors } = given;
      if (given.blocks && !given.trunkFeatures)
        command.error('error: --blocks needs --trunk-features <name>');
      if (given.trunkFeatures) {
        await writeTrunkFeatures(given.trunkFeatures, out, given);
        return;
      }
      if (!init && !encoderWeights && !given.run)
        command.error(
          'error: give --run <dir>, --init, --encoder-weights <file.safetensors> or --trunk-features <name>',
        );
      const manifest = given.run
        ? await exportRun(given.run, out, safetensors)
        : encoderWeights
          ? await pretrainedBundle(PROFILES[profile], out, {
              encoderWeights,
              generatorWeights,
              tileSizeM,
              safetensors,
            })
          : await initBundle(profile, out, { seed, tileSizeM, ...(safetensors && { safetensors }) });
      const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
      const made = `${out}: ${manifest.name} ${manifest.version}, ${(bytes / 1e6).toFixed(1)} MB`;
      process.stdout.write(`${made}${init ? ', untrained' : ''}\n`);
    });
}
