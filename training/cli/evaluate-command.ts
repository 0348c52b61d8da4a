// skyfix-train evaluate: strict figures of a bundle by its ONNX graphs, on what its first network takes, in both protocols.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { BUNDLE_INPUTS, type BundleManifest, descriptorMapOf, loadBundle } from 'skyfix/bundles';
import { bundleDirOf } from 'skyfix/cli';
import { Describer, openNetworks } from 'skyfix/describe';
import type { FieldOfView } from 'skyfix/geometry';
import { SPLITS, type Split } from '../common/index.js';
import {
  type CrossViewDataset,
  CUT_FORMATS,
  type DatasetFormat,
  FORMATS,
  openDataset,
  VIGOR_AREAS,
  type VigorArea,
} from '../datasets/index.js';
import { inputsOf, type PreparedArea, type PrepareOptions, prepareArea } from '../images/index.js';
import {
  evaluateArea,
  evaluateHeadings,
  type HeadingArea,
  onnxEmbed,
  onnxViews,
  openHeadingArea,
  overHeights,
} from '../pipeline/index.js';
import { HEADINGS_TOLD, type HeadingTold } from '../report/index.js';
import { openTrainingProgress, summaryTable, type Tell } from '../runs/index.js';
import { degrees, fieldOfView, positiveMetres, wholeNumber } from './numbers.js';
import { type GivenPhotoOptions, photoOptionsOf, withPhotoOptions } from './photo-options.js';

interface EvaluateOptions extends GivenPhotoOptions {
  readonly bundle: string;
  readonly town?: string;
  readonly root?: string;
  readonly format: DatasetFormat;
  readonly split: Split | 'all';
  readonly fieldOfView?: FieldOfView;
  readonly tileFileM?: number;
  readonly area: VigorArea;
  readonly dropInvalid: boolean;
  readonly gridStrideM: number;
  readonly heading?: HeadingTold;
  readonly fov?: number;
  readonly places?: number;
  readonly cache: string;
  readonly json: boolean;
}

/** The sub-command `evaluate`. */
export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description(
      'strict R@1/5/10/1 % (paired) and distances (first tile; grid of tiles) of a bundle on a data set',
    )
    .requiredOption('--bundle <dir|name>', 'the bundle: its folder, or the name of one that ships')
    .option('--town <dir>', 'a town made by "skyfix-train town": the same as --format town --root DIR')
    .addOption(new Option('--format <format>', 'format of the data set').choices(FORMATS).default('town'))
    .option('--root <path>', 'its folder; for "csv" the file will do too')
    .addOption(new Option('--split <split>', 'area to ask from').choices([...SPLITS, 'all']).default('test'))
    .addOption(new Option('--area <area>', "VIGOR's protocol").choices(VIGOR_AREAS).default('same'))
    .option('--drop-invalid', 'drop what cannot be used, instead of stopping', false)
    .option(
      '--field-of-view <horizontal,vertical[,horizon]>',
      'degrees that panoramas show whose files do not say it (default: as in training), and ' +
        'the share of the rows above the horizon (default: 0.5)',
      fieldOfView,
    )
    .option(
      '--tile-file-m <metres>',
      'ground that a tile file shows along a side (default: what the format says, else what the bundle does)',
      positiveMetres,
    )
    .option('--grid-stride-m <m>', 'stride of the grid of tiles; 0: paired only', wholeNumber(0, 1000), 16)
    .addOption(
      new Option(
        '--heading <told>',
        'what is told of it, as a server is asked: what the file says, the truth to within 45 degrees, nothing',
      ).choices(HEADINGS_TOLD),
    )
    .option('--fov <degrees>', 'photos show so much of the circle around their heading', degrees)
    .option('--places <n>', 'with --heading or --fov: places asked from (default: all)', wholeNumber(1, 1e6))
    .option('--cache <dir>', 'folder of prepared images', join('var', 'cache'))
    .option('--json', 'print JSON instead of a table', false);
  return withPhotoOptions(command).action(async (given: EvaluateOptions, self: Command) => {
    const root = given.town ?? given.root;
    if (root === undefined) self.error('error: give --town <dir>, or --format and --root');
    const bundle = await loadBundle(bundleDirOf(given.bundle), { inputs: BUNDLE_INPUTS });
    const { geometry, input, descriptor } = bundle.manifest;
    const progress = openTrainingProgress();
    const networks = await openNetworks(bundle, { threads: 2 });
    await mkdir(given.cache, { recursive: true });
    const scratch = await mkdtemp(join(given.cache, 'evaluate-'));
    try {
      const { dataset, area, options } = await areaOf(given, root as string, bundle.manifest, progress.work);
      const describer = new Describer(networks, bundle.manifest, 'NETWORK_INVALID');
      if (given.heading !== undefined || given.fov !== undefined) {
        const opened = await openHeadingArea(describer, bundle.manifest, dataset, area);
        process.stdout.write(`${await headingText(given, opened, progress.work)}\n`);
        return;
      }
      const inputs = inputsOf(area, input ?? 'bev');
      const path = join(scratch, 'views', 'views.images');
      const queries = networks.generator
        ? await onnxViews(describer, inputs, path, progress.work('views'))
        : inputs;
      const served = await overHeights(geometry, dataset, area, queries, options);
      const embed = served(onnxEmbed(describer, geometry, descriptor.dimensions));
      const { result } = await evaluateArea(given.split, 'trained', embed, queries, area, {
        geometry,
        map: descriptorMapOf(bundle.manifest),
      });
      const text = given.json ? JSON.stringify(result, null, 2) : summaryTable([result]);
      process.stdout.write(`${text}\n`);
    } finally {
      progress.stop();
      await rm(scratch, { recursive: true, force: true });
      await networks.close();
    }
  });
}

/** The places that the command line names, prepared. */
async function areaOf(
  given: EvaluateOptions,
  root: string,
  { geometry, input }: Pick<BundleManifest, 'geometry' | 'input'>,
  tell: Tell,
): Promise<{
  readonly dataset: CrossViewDataset;
  readonly area: PreparedArea;
  readonly options: PrepareOptions;
}> {
  const { town, split, area: protocol, dropInvalid, gridStrideM, cache } = given;
  const format = town === undefined ? given.format : 'town';
  const photos = photoOptionsOf(given, geometry.tileSizeM);
  const { fieldOfView, tileFileM } = given;
  const dataset = await openDataset({
    format,
    root,
    area: protocol,
    dropInvalid,
    ...(fieldOfView && { fieldOfView }),
    ...(tileFileM !== undefined && { tileFileM }),
    ...(photos && { photos }),
  });
  const mosaic = CUT_FORMATS.includes(format);
  const options: PrepareOptions = {
    cacheDir: cache,
    panoramas: input === 'panorama',
    ...(mosaic && gridStrideM > 0 && { grid: { strideM: gridStrideM } }),
    onProgress: (what, done, total) => tell(what)(done, total),
  };
  const area = await prepareArea(dataset, split === 'all' ? SPLITS : [split], geometry, options);
  return { dataset, area, options };
}

/** The figures of one case of heading and field of view. */
async function headingText(
  { heading = 'known', fov: fovDeg = 360, places, json }: EvaluateOptions,
  opened: HeadingArea,
  tell: Tell,
): Promise<string> {
  const figures = await evaluateHeadings(
    opened,
    { heading, fovDeg },
    { seed: 1, ...(places !== undefined && { places }), onPlace: tell('places') },
  );
  if (json) return JSON.stringify({ heading, fovDeg, ...figures }, null, 2);
  const { paired, grid, medianHeadingErrorDeg } = figures;
  return [
    `heading ${heading === '45' ? 'within 45 degrees' : heading}, ${fovDeg} degrees of the circle, ${paired.queries} places`,
    `R@1 ${paired.at1.toFixed(1)} %, R@5 ${paired.at5.toFixed(1)} % of ${paired.gallery} tiles`,
    `first answer within 25 m ${grid.within25M.toFixed(1)} %, median ${grid.medianErrorM.toFixed(1)} m, ${grid.gallery} tiles`,
    `median heading error ${medianHeadingErrorDeg.toFixed(1)} degrees`,
  ].join('\n');
}
