// skyfix bundle import: networks trained elsewhere become a bundle.
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import {
  BUNDLE_SCHEMA,
  type BundleConfig,
  checkBundleConfig,
  type ImportedBundle,
  type ImportedNetwork,
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
The networks are ONNX files, S = inputSizePx, V = S + 2 searchMarginPx, D = descriptor.dimensions:
  generator  "bev"   [N, 3, V, V] in [-1, 1], invalid pixels -1  ->  "view" [N, 3, V, V] in [-1, 1]
  encoder    "image" [N, 3, S, S] in [0, 1]                      ->  "descriptor" [N, D], unit length
  with "looks": "dense" also [N, 3, V, V]                       ->  [N n n, D], n = 2 searchMarginPx / searchStepPx + 1
RGB. The ImageNet normalisation and the L2 normalisation are part of the encoder's graph. N is free, or 1 (then images are
run one by one, which is slower). Weights beside the file (NAME.onnx.data) are taken in; float16, bfloat16 and float64
inputs and outputs are cast; other names are given with --rename, as in --rename pixel_values=image.

Each network is run on some forty images (noise, patterns, dark, bright, flat). It must give the same bits for the same image,
within 1e-4 the same alone and in batches of 2, 3, 7, 16, 32 and 33, and something else for another image.

With "looks": "dense" the encoder is run once over a whole view and gives the descriptors of all its looks, row by row from the
north-west; H and W of its input are free. Each look must be nearer to its own square cut out than to any other.

The configuration is a bundle.json without "files"; createdAt, profile, input, looks, training and metrics may be added:
${JSON.stringify(EXAMPLE)}
`;

interface ImportFlags {
  readonly encoder: string;
  readonly generator?: string;
  readonly config: string;
  readonly out: string;
  readonly force: boolean;
  readonly rename: ReadonlyMap<string, string>;
}

/** Names of the bundle contract. */
const NAMES = ['bev', 'view', 'image', 'descriptor'];

/** `old=new`, gathered. */
function parseRename(text: string, before: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const at = text.lastIndexOf('=');
  const [from, to] = [text.slice(0, at), text.slice(at + 1)];
  if (at < 1 || !NAMES.includes(to)) {
    throw new InvalidArgumentError(`It must be OLD=NEW, with NEW one of ${NAMES.join(', ')}.`);
  }
  return new Map([...before, [from, to]]);
}

/** The sub-command `bundle import`. */
export function bundleImportCommand(): Command {
  return new Command('import')
    .description('Check ONNX networks trained elsewhere and write a bundle of them.')
    .requiredOption('--encoder <file.onnx>', 'image to descriptor')
    .option('--generator <file.onnx>', 'BEV to view; without it the BEV goes straight into the encoder')
    .requiredOption('--config <file.json>', 'a bundle.json without "files"')
    .requiredOption('--out <dir>', 'folder of the bundle')
    .option(
      '--rename <old=new>',
      'an input or output under another name; may be given several times',
      parseRename,
      new Map(),
    )
    .option('--force', 'replace the bundle in that folder', false)
    .addHelpText('after', HELP)
    .action(async ({ encoder, generator, config, out, force, rename }: ImportFlags) => {
      const imported = await importBundle({
        encoderPath: encoder,
        generatorPath: generator,
        config: await readConfig(config),
        out,
        renames: rename,
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
    `generator   ${generator ? summaryOf(generator) : 'none'}`,
    `encoder     ${summaryOf(encoder)}, ${manifest.descriptor.dimensions} dimensions`,
    ...looksLines(encoder),
    ...(generator?.changes ?? []).map((change) => `changed     generator: ${change}`),
    ...encoder.changes.map((change) => `changed     encoder: ${change}`),
    `written     ${out}: ${manifest.name} ${manifest.version}, ${(bytes / 1e6).toFixed(1)} MB`,
  ];
}

/** How looks at a whole view compare with their squares cut out; no line where every look is cut out. */
export function looksLines({ likeness }: Pick<NetworkReport, 'likeness'>): string[] {
  if (likeness === undefined) return [];
  return [
    `looks       row by row from the north-west, mean cosine ${likeness.toFixed(3)} to their squares cut out`,
  ];
}

function summaryOf({ description, batch, range, latencyMs }: ImportedNetwork): string {
  const [low, high] = range.map((value) => value.toFixed(3));
  const most = batch === 1 ? 'one image at a time' : 'batch free';
  return `${description}, ${most}, values ${low} to ${high}, deterministic, ${latencyMs.toFixed(1)} ms`;
}
