// skyfix bundle check, list: verifies a bundle and tries its networks; names those that ship. (import: bundle-import-command.ts)
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { Command } from 'commander';
import {
  BUNDLE_INPUTS,
  type Bundle,
  bevGeometryOf,
  cameraHeightsOf,
  checkNetworks,
  loadBundle,
  type NetworkReport,
  viewSizePx,
} from '../../src/bundles/index.js';
import { lookOffsets } from '../../src/describe/index.js';
import { bundleDirOf, type ShippedBundle, shippedBundles } from '../shared/shipped-bundles.js';
import { bundleImportCommand, looksLines } from './bundle-import-command.js';

/** `root` is the folder whose models/ holds the shipped bundles. */
export function bundleCommand(root?: string): Command {
  const check = new Command('check')
    .description(
      'Verify checksums and schema, and try each network: values, determinism, batches, and that images differ.',
    )
    .argument('<bundle>', 'folder with bundle.json, or the name of a bundle that ships')
    .action(async (given: string) => {
      for (const line of await checkBundle(await loadBundle(bundleDirOf(given, root)))) console.log(line);
    });
  const list = new Command('list')
    .description('The bundles that ship: what "--bundle NAME" finds, with checksums verified.')
    .action(async () => {
      for (const shipped of shippedBundles(root)) console.log(await lineOf(shipped));
    });
  return new Command('bundle')
    .description('Inspect bundles, and make them of networks trained elsewhere.')
    .addCommand(list)
    .addCommand(check)
    .addCommand(bundleImportCommand());
}

/** One line about a shipped bundle. */
async function lineOf({ name, dir }: ShippedBundle): Promise<string> {
  const { manifest, generatorPath } = await loadBundle(dir, { inputs: BUNDLE_INPUTS });
  const { version, profile, geometry, descriptor, files } = manifest;
  const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
  const parts = [
    `${version} (${profile})`,
    `tile ${geometry.tileSizeM} m`,
    `${descriptor.dimensions} dimensions`,
    generatorPath ? 'with generator' : 'without generator',
    `${(bytes / 1e6).toFixed(1)} MB`,
    relative('', dir) || dir,
  ];
  return `${name.padEnd(11)} ${parts.join(', ')}`;
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
