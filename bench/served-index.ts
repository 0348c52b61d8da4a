// An index of the demo area by any bundle, for a whole request with that bundle's networks; kept, since full-size networks
// need minutes for it.
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadBundle } from '../src/bundles/index.js';
import { sha256OfBytes, sha256OfFile } from '../src/files/index.js';

/** A folder below var/bench with the index, a tile every `strideM`; made where it is not there. Throws what it says. */
export async function servedIndex(root: string, bundleDir: string, strideM: number): Promise<string> {
  const { encoderSha256, quantised } = await loadBundle(bundleDir);
  // An index carries its bundle: one in 8 bits too is another one.
  const others = await Promise.all(Object.values(quantised ?? {}).map((path) => sha256OfFile(path)));
  const name = others.length === 0 ? encoderSha256 : sha256OfBytes([encoderSha256, ...others].join());
  const dir = join(root, 'var/bench', `index-${name.slice(0, 16)}-${strideM}m`);
  if (await stat(join(dir, 'index.json')).catch(() => undefined)) return dir;
  console.error(`Describing the demo area by ${bundleDir}, once.`);
  const demo = (name: string) => join(root, 'demo', name);
  const where = [
    '--imagery',
    demo('mosaic.tif'),
    '--area',
    demo('area.geojson'),
    '--stride-m',
    String(strideM),
  ];
  const args = ['index', 'build', '--bundle', bundleDir, '--out', dir, ...where, '--basemap', 'off'];
  await promisify(execFile)(process.execPath, [join(root, 'bin/skyfix.js'), ...args, '--no-contact-sheet']);
  return dir;
}
