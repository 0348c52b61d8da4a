// skyfix bundle check: verifies a bundle and tries its networks. (bundle import: bundle-import-command.ts)
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import {
  type Bundle,
  bevGeometryOf,
  cameraHeightsOf,
  checkNetworks,
  loadBundle,
  type NetworkReport,
  viewSizePx,
} from '../../src/bundles/index.js';
import { lookOffsets } from '../../src/describe/index.js';
import { bundleImportCommand, looksLines } from './bundle-import-command.js';

export function bundleCommand(): Command {
  const check = new Command('check')
    .description(
      'Verify checksums and schema, and try each network: values, determinism, batches, and that images differ.',
    )
    .argument('<dir>', 'folder with bundle.json')
    .action(async (dir: string) => {
      for (const line of await checkBundle(await loadBundle(dir))) console.log(line);
    });
  return new Command('bundle')
    .description('Inspect bundles, and make them of networks trained elsewhere.')
    .addCommand(check)
    .addCommand(bundleImportCommand());
}

/** Runs a bundle's networks on many images; the lines of a summary. Throws NETWORK_INVALID where they misbehave. */
export async function checkBundle(bundle: Bundle): Promise<string[]> {
  const { geometry, descriptor, looks, files, ...manifest } = bundle.manifest;
  const { encoder, generator } = await checkNetworks(bundle, { threads: availableParallelism() });
  const sizes = [
    `tile ${geometry.tileSizeM} m`,
    `networks ${geometry.inputSizePx} px`,
    `view ${viewSizePx(geometry)} px`,
    `BEV ${bevGeometryOf(geometry).sizePx} px`,
    `camera ${cameraHeightsOf(geometry).join(', ')} m`,
    `looks ${lookOffsets(geometry).length}${looks === 'dense' ? ' in one run' : ''}`,
  ];
  return [
    `bundle      ${manifest.name} ${manifest.version} (${manifest.profile}), ${manifest.createdAt}`,
    `geometry    ${sizes.join(', ')}`,
    `files       ${Object.keys(files).join(', ')}: checksums match`,
    `generator   ${generator ? summaryOf(generator) : 'none'}`,
    `encoder     ${summaryOf(encoder)}, ${descriptor.dimensions} dimensions`,
    ...looksLines(encoder),
    'descriptor  length 1, deterministic, the same alone and in batches, different for different images',
  ];
}

function summaryOf({ description, batch, latencyMs }: NetworkReport): string {
  return `${description}, ${batch === 1 ? 'one image at a time' : 'batch free'}, ${latencyMs.toFixed(1)} ms`;
}
