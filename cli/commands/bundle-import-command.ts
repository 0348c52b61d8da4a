// skyfix bundle import: networks trained elsewhere become a bundle.
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import {
  BUNDLE_SCHEMA,
  type BundleConfig,
  checkBundleConfig,
  type ImportedBundle,
  importBundle,
  type NetworkReport,
} from '../../src/bundles/index.js';
import { messageOf, SkyfixError } from '../../src/errors/index.js';

const EXAMPLE: BundleConfig = {
  schema: BUNDLE_SCHEMA,
  name: 'my-town',
  version: '1',
  geometry: { tileSizeM: 64, inputSizePx: 256, bevSizePx: 512, cameraHeightM: 2 },
  preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
  descriptor: { dimensions: 1024 },
};

const HELP = `
The networks are float32 ONNX files without external data, S = inputSizePx, D = descriptor.dimensions:
  generator  "bev"   [N, 3, S, S] in [-1, 1], invalid pixels -1  ->  "view" [N, 3, S, S] in [-1, 1]; N free or 1
  encoder    "image" [N, 3, S, S] in [0, 1]                      ->  "descriptor" [N, D], unit length; N free
RGB. The ImageNet normalisation and the L2 normalisation are part of the encoder's graph. Both networks must give the
same bits for the same image, and within 1e-4 the same alone and in a batch of two.

The configuration is a bundle.json without "files"; createdAt, profile, input, training and metrics may be added:
${JSON.stringify(EXAMPLE)}
`;

interface ImportFlags {
  readonly encoder: string;
  readonly generator?: string;
  readonly config: string;
  readonly out: string;
  readonly force: boolean;
}

/** The sub-command `bundle import`. */
export function bundleImportCommand(): Command {
  return new Command('import')
    .description('Check ONNX networks trained elsewhere and write a bundle of them.')
    .requiredOption('--encoder <file.onnx>', 'image to descriptor')
    .option('--generator <file.onnx>', 'BEV to view; without it the BEV goes straight into the encoder')
    .requiredOption('--config <file.json>', 'a bundle.json without "files"')
    .requiredOption('--out <dir>', 'folder of the bundle')
    .option('--force', 'replace the bundle in that folder', false)
    .addHelpText('after', HELP)
    .action(async ({ encoder, generator, config, out, force }: ImportFlags) => {
      const imported = await importBundle({
        encoderPath: encoder,
        generatorPath: generator,
        config: await readConfig(config),
        out,
        replace: force,
        threads: availableParallelism(),
      });
      for (const line of summaryLines(imported, out)) console.log(line);
    });
}

/** The configuration in a file. Throws BUNDLE_CONFIG_INVALID where it cannot be read, is no JSON or has a wrong field. */
async function readConfig(path: string): Promise<BundleConfig> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new SkyfixError('BUNDLE_CONFIG_INVALID', `${path} cannot be read as JSON (${messageOf(error)}).`, {
      cause: error,
    });
  }
  return checkBundleConfig(json, path);
}

function summaryLines({ manifest, encoder, generator }: ImportedBundle, out: string): string[] {
  const bytes = Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0);
  return [
    `generator   ${generator ? describe(generator) : 'none'}`,
    `encoder     ${describe(encoder)}, ${manifest.descriptor.dimensions} dimensions`,
    `written     ${out}: ${manifest.name} ${manifest.version}, ${(bytes / 1e6).toFixed(1)} MB`,
  ];
}

function describe({ description, batch, range, latencyMs }: NetworkReport): string {
  const [low, high] = range.map((value) => value.toFixed(3));
  return `${description}, batch ${batch}, values ${low} to ${high}, deterministic, ${latencyMs.toFixed(1)} ms`;
}
