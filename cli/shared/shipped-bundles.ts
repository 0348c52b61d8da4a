// The bundles that ship under models/, and what "--bundle" means: a folder, or the name of one of them.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SkyfixError } from '../../src/errors/index.js';
import { PACKAGE_ROOT } from './package-root.js';

/** What pictures are made with where --bundle is not given; where it does not ship, the first that does. */
const PICTURE_BUNDLE = 'small-town';
/** What an index is built with where --bundle is not given and it ships: it knows places which it was not trained on. */
export const GENERAL_BUNDLE = 'general';

export interface ShippedBundle {
  readonly name: string;
  readonly dir: string;
}

/** The folders under `root`/models that hold a bundle.json, by name. */
export function shippedBundles(root = PACKAGE_ROOT): readonly ShippedBundle[] {
  const models = join(root, 'models');
  const names = existsSync(models) ? readdirSync(models).sort() : [];
  return names
    .map((name) => ({ name, dir: join(models, name) }))
    .filter(({ dir }) => existsSync(join(dir, 'bundle.json')));
}

/** The folder of the bundle that pictures are made with, or undefined where none ships. */
export function shippedBundleDir(root = PACKAGE_ROOT): string | undefined {
  const shipped = shippedBundles(root);
  return (shipped.find(({ name }) => name === PICTURE_BUNDLE) ?? shipped[0])?.dir;
}

/**
 * The folder that --bundle means: a path where it has a separator or is there, else the shipped bundle of that name. Throws
 * BUNDLE_MISSING naming those that ship.
 */
export function bundleDirOf(given: string, root = PACKAGE_ROOT): string {
  if (/[\\/]/.test(given) || existsSync(given)) return given;
  const shipped = shippedBundles(root);
  const found = shipped.find(({ name }) => name === given);
  if (found) return found.dir;
  throw new SkyfixError(
    'BUNDLE_MISSING',
    `There is no folder "${given}", and no bundle of that name ships; ${listed(shipped)}.`,
  );
}

/** The bundle given, else the one that pictures are made with. Throws BUNDLE_MISSING where there is neither. */
export function bundleDirOrShipped(given: string | undefined, root = PACKAGE_ROOT): string {
  const dir = given === undefined ? shippedBundleDir(root) : bundleDirOf(given, root);
  if (dir !== undefined) return dir;
  throw new SkyfixError(
    'BUNDLE_MISSING',
    `No bundle ships in ${join(root, 'models')}; name one with --bundle.`,
  );
}

/** The bundle given, else the general one. Throws BUNDLE_MISSING where that does not ship. */
export function bundleDirOrGeneral(given: string | undefined, root = PACKAGE_ROOT): string {
  if (given !== undefined) return bundleDirOf(given, root);
  const shipped = shippedBundles(root);
  const general = shipped.find(({ name }) => name === GENERAL_BUNDLE);
  if (general) return general.dir;
  throw new SkyfixError(
    'BUNDLE_MISSING',
    `Name a bundle with --bundle: a folder, or its name; ${listed(shipped)}.`,
  );
}

function listed(shipped: readonly ShippedBundle[]): string {
  if (shipped.length === 0) return 'none ships here';
  return `${shipped.map(({ name }) => name).join(' and ')} ${shipped.length === 1 ? 'ships' : 'ship'}`;
}
