// skyfix view: writes the satellite-like view that a bundle's generator makes of a panorama.
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { bevGeometryOf, loadBundle, panoramaWidthOf } from '../../src/bundles/index.js';
import { Describer, openNetworks } from '../../src/describe/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import { writeFileAtomic } from '../../src/files/index.js';
import { projectBev } from '../../src/geometry/index.js';
import { bevToNchw, encodePng, nchwToRgb } from '../../src/imaging/index.js';
import { engineOfEnvironment } from '../shared/engine.js';
import { bundleDirOrShipped } from '../shared/shipped-bundles.js';
import { addPanoramaOptions, type PanoramaFlags, readPanorama } from './panorama-options.js';

/** `root` is the folder whose models/ holds the shipped bundle. */
export function viewCommand(root?: string): Command {
  const command = new Command('view')
    .description('Generate the satellite-like view of a panorama and write it as PNG.')
    .argument('<file>', 'panorama: JPEG, PNG, WebP, AVIF or TIFF')
    .requiredOption('-o, --out <file>', 'PNG file to write')
    .option('--bundle <dir|name>', 'bundle whose generator is used (default: the one that ships in models/)');
  return addPanoramaOptions(command).action(
    async (file: string, flags: PanoramaFlags & { bundle?: string; out: string }) => {
      const bundle = await loadBundle(bundleDirOrShipped(flags.bundle, root));
      const { fieldOfView } = bundle.manifest.geometry;
      const targetWidthPx = panoramaWidthOf(bundle.manifest.geometry);
      const panorama = await readPanorama(file, flags, { fieldOfView, targetWidthPx });
      const geometry = bevGeometryOf(bundle.manifest.geometry, flags.cameraHeight);
      const bev = projectBev(panorama.image, panorama.model, panorama.pose, geometry);
      const networks = await openNetworks(bundle, {
        threads: availableParallelism(),
        engine: await engineOfEnvironment(),
      });
      try {
        if (!networks.generator)
          throw new SkyfixError('PARAMETER_INVALID', `The bundle ${bundle.dir} has no generator.`);
        const describer = new Describer(networks, bundle.manifest, 'NETWORK_INVALID');
        const view = await describer.generate(bevToNchw(describer.shrink(bev), 'signed'));
        await writeFileAtomic(flags.out, await encodePng(nchwToRgb(view, 'signed')));
      } finally {
        await networks.close();
      }
      console.log(`${flags.out}: view by ${bundle.manifest.name} ${bundle.manifest.version}`);
    },
  );
}
