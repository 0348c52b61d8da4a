// skyfix bev: writes a panorama's bird's-eye view, so that anyone can look.
import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { writeFileAtomic } from '../../src/files/index.js';
import { type BevGeometry, projectBev } from '../../src/geometry/index.js';
import { decodePanorama, encodePng } from '../../src/imaging/index.js';
import { bevGeometryOf, loadBundle } from '../../src/models/index.js';
import {
  addPanoramaOptions,
  type PanoramaFlags,
  parseNumber,
  poseOptions,
  printWarnings,
} from './panorama-options.js';

const DEFAULTS: BevGeometry = { sizePx: 512, gsdM: 0.06, cameraHeightM: 1.5 };

interface BevFlags extends PanoramaFlags {
  readonly out: string;
  readonly bundle?: string;
  readonly size?: number;
  readonly gsd?: number;
}

export function bevCommand(): Command {
  const command = new Command('bev')
    .description("Project a panorama to a north-up bird's-eye view and write it as PNG.")
    .argument('<file>', 'panorama: JPEG, PNG, WebP, AVIF or TIFF')
    .requiredOption('-o, --out <file>', 'PNG file to write')
    .option('--bundle <dir>', 'take the defaults below from this bundle')
    .option(
      '--size <px>',
      `side of the view, pixels (default: the bundle's or ${DEFAULTS.sizePx})`,
      parseNumber,
    )
    .option('--gsd <m>', `metres per pixel (default: the bundle's or ${DEFAULTS.gsdM})`, parseNumber);
  return addPanoramaOptions(command, DEFAULTS.cameraHeightM).action(async (file: string, flags: BevFlags) => {
    const base = flags.bundle ? bevGeometryOf((await loadBundle(flags.bundle)).manifest.geometry) : DEFAULTS;
    const sizePx = flags.size ?? base.sizePx;
    // With a bundle the ground covered stays the tile's, whatever the size.
    const gsdM = flags.gsd ?? (flags.bundle ? (base.gsdM * base.sizePx) / sizePx : base.gsdM);
    const panorama = await decodePanorama(await readFile(file), poseOptions(flags));
    printWarnings(panorama.warnings);
    const geometry = { sizePx, gsdM, cameraHeightM: flags.cameraHeight ?? base.cameraHeightM };
    const bev = projectBev(panorama.image, panorama.window, panorama.pose, geometry);
    await writeFileAtomic(flags.out, await encodePng(bev.image));
    const side = (sizePx * gsdM).toFixed(2);
    console.log(
      `${flags.out}: ${sizePx}x${sizePx} px, ${side} x ${side} m, heading ${panorama.pose.headingDeg}`,
    );
  });
}
