// The bundle that ships under models/: what commands use where --bundle is not given.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SkyfixError } from '../../src/errors/index.js';
import { PACKAGE_ROOT } from '../shared/package-root.js';

/** The first folder (by name) under `root`/models that holds a bundle.json, or undefined. */
export function shippedBundleDir(root = PACKAGE_ROOT): string | undefined {
  const models = join(root, 'models');
  const names = existsSync(models) ? readdirSync(models).sort() : [];
  return names.map((name) => join(models, name)).find((dir) => existsSync(join(dir, 'bundle.json')));
}

/** The folder given, else the shipped bundle. Throws BUNDLE_MISSING where there is neither. */
export function bundleDirOrShipped(given: string | undefined, root = PACKAGE_ROOT): string {
  const dir = given ?? shippedBundleDir(root);
  if (dir) return dir;
  throw new SkyfixError(
    'BUNDLE_MISSING',
    `No bundle ships in ${join(root, 'models')}; name one with --bundle.`,
  );
}
