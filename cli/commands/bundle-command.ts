// skyfix bundle check: verifies a bundle and runs its networks once. (bundle import: bundle-import.ts)
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { type Bundle, bevGeometryOf, loadBundle, viewSizePx } from '../../src/bundles/index.js';
import { describeBev, openNetworks, viewWindows } from '../../src/describe/index.js';
import type { Tensor } from '../../src/engines/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import type { Bev } from '../../src/geometry/index.js';
import { bundleImportCommand } from './bundle-import-command.js';

export function bundleCommand(): Command {
  const check = new Command('check')
    .description('Verify checksums and schema, run each network, check unit length and determinism.')
    .argument('<dir>', 'folder with bundle.json')
    .action(async (dir: string) => {
      for (const line of await checkBundle(await loadBundle(dir))) console.log(line);
    });
  return new Command('bundle')
    .description('Inspect bundles, and make them of networks trained elsewhere.')
    .addCommand(check)
    .addCommand(bundleImportCommand());
}

/** Runs a bundle's networks on a fixed pattern; the lines of a summary. Throws BUNDLE_CORRUPT where they misbehave. */
export async function checkBundle(bundle: Bundle): Promise<string[]> {
  const { manifest } = bundle;
  const networks = await openNetworks(bundle, { threads: availableParallelism() });
  try {
    const bevSizePx = bevGeometryOf(manifest.geometry).sizePx;
    const bev = pattern(bevSizePx);
    const first = await describeBev(networks, manifest.geometry, bev);
    const started = performance.now();
    const second = await describeBev(networks, manifest.geometry, bev);
    const elapsedMs = performance.now() - started;
    const size = viewSizePx(manifest.geometry);
    const { dimensions } = manifest.descriptor;
    expectShape('descriptor', first.descriptors, [viewWindows(manifest.geometry).length, dimensions]);
    if (first.view) expectShape('view', first.view, [1, 3, size, size]);
    const length = Math.hypot(...first.descriptors.data.subarray(0, dimensions));
    if (!(Math.abs(length - 1) < 1e-3)) throw corrupt(`the descriptor's length is ${length}, expected 1`);
    if (first.descriptors.data.some((value, k) => value !== second.descriptors.data[k])) {
      throw corrupt('two runs on the same image give different descriptors');
    }
    return [
      `bundle      ${manifest.name} ${manifest.version} (${manifest.profile}), ${manifest.createdAt}`,
      `geometry    tile ${manifest.geometry.tileSizeM} m, networks ${manifest.geometry.inputSizePx} px, view ${size} px, BEV ${bevSizePx} px`,
      `files       ${Object.keys(manifest.files).join(', ')}: checksums match`,
      `generator   ${networks.generator ? networks.generator.description : 'none'}`,
      `encoder     ${networks.encoder.description}, ${manifest.descriptor.dimensions} dimensions`,
      `descriptor  length ${length.toFixed(6)}, deterministic, ${elapsedMs.toFixed(1)} ms`,
    ];
  } finally {
    await networks.close();
  }
}

function pattern(sizePx: number): Bev {
  const data = Uint8Array.from({ length: sizePx * sizePx * 3 }, (_, k) => (k * 31 + (k >> 7) * 17) & 255);
  return {
    image: { widthPx: sizePx, heightPx: sizePx, data },
    mask: new Uint8Array(sizePx * sizePx).fill(1),
  };
}

function expectShape(name: string, tensor: Tensor, shape: readonly number[]): void {
  if (tensor.shape.join() !== shape.join())
    throw corrupt(`${name} has shape [${tensor.shape}], expected [${shape}]`);
}

function corrupt(what: string): SkyfixError {
  return new SkyfixError('BUNDLE_CORRUPT', `The networks do not keep the contract: ${what}.`);
}
