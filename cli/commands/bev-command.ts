// skyfix bev: writes a panorama's bird's-eye view, so that anyone can look.
import { relative } from 'node:path';
import { Command } from 'commander';
import { bevGeometryOf, loadBundle, panoramaWidthOf } from '../../src/bundles/index.js';
import { writeFileAtomic } from '../../src/files/index.js';
import { type BevGeometry, projectBev } from '../../src/geometry/index.js';
import { encodePng } from '../../src/imaging/index.js';
import { bundleDirOf, shippedBundleDir } from '../shared/shipped-bundles.js';
import { addPanoramaOptions, type PanoramaFlags, parseNumber, readPanorama } from './panorama-options.js';

/** Without any bundle: the published reference of the field (EP-BEV), 30.72 m of ground. */
const REFERENCE: BevGeometry = { sizePx: 512, gsdM: 0.06, cameraHeightM: 1.5 };

interface BevFlags extends PanoramaFlags {
  readonly out: string;
  readonly bundle?: string;
  readonly size?: number;
  readonly gsd?: number;
}

/** `root` is the folder whose models/ holds the shipped bundle. */
export function bevCommand(root?: string): Command {
  const shipped = shippedBundleDir(root);
  const which = shipped ? `default: ${relative('', shipped)}, which ships` : 'default: none ships here';
  const command = new Command('bev')
    .description("Project a panorama to a north-up bird's-eye view and write it as PNG.")
    .argument('<file>', 'panorama: JPEG, PNG, WebP, AVIF or TIFF')
    .requiredOption('-o, --out <file>', 'PNG file to write')
    .option('--bundle <dir|name>', `bundle to take the defaults below from (${which})`)
    .option(
      '--size <px>',
      `side of the view, pixels (default: the bundle's, else ${REFERENCE.sizePx})`,
      parseNumber,
    )
    .option(
      '--gsd <m>',
      `metres per pixel (default: the bundle's tile fills the view; without one ${REFERENCE.gsdM})`,
      parseNumber,
    );
  return addPanoramaOptions(command, { cameraHeightM: REFERENCE.cameraHeightM }).action(
    async (file: string, flags: BevFlags) => {
      const bundleDir = flags.bundle === undefined ? shipped : bundleDirOf(flags.bundle, root);
      const ofBundle = bundleDir ? (await loadBundle(bundleDir)).manifest.geometry : undefined;
      const base = ofBundle ? bevGeometryOf(ofBundle) : REFERENCE;
      const geometry = geometryOf(flags, base, ofBundle !== undefined);
      const targetWidthPx = panoramaWidthOf({ bevSizePx: geometry.sizePx });
      const panorama = await readPanorama(file, flags, { fieldOfView: ofBundle?.fieldOfView, targetWidthPx });
      const bev = projectBev(panorama.image, panorama.model, panorama.pose, geometry);
      await writeFileAtomic(flags.out, await encodePng(bev.image));
      const side = (geometry.sizePx * geometry.gsdM).toFixed(2);
      console.log(
        `${flags.out}: ${geometry.sizePx}x${geometry.sizePx} px, ${side} x ${side} m, ` +
          `camera ${geometry.cameraHeightM} m high, heading ${panorama.pose.headingDeg}`,
      );
    },
  );
}

/** With a bundle the ground covered stays the tile's, whatever the size. */
function geometryOf(flags: BevFlags, base: BevGeometry, keepGround: boolean): BevGeometry {
  const sizePx = flags.size ?? base.sizePx;
  const gsdM = flags.gsd ?? (keepGround ? (base.gsdM * base.sizePx) / sizePx : base.gsdM);
  return { sizePx, gsdM, cameraHeightM: flags.cameraHeight ?? base.cameraHeightM };
}
