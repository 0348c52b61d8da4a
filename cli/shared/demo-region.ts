// The demo region ships in two parts: demo/index (an index version without its bundle) and the bundle under models/.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from '../../src/errors/index.js';
import { writeFileAtomic } from '../../src/files/index.js';
import {
  currentVersion,
  listRegions,
  readIndexManifest,
  regionDir,
  versionDir,
} from '../../src/versions/index.js';
import { PACKAGE_ROOT } from './package-root.js';

export const DEMO_REGION = 'demo';
/** In the region's folder: which version came from what ships, so that people's own versions of it stay. */
const SHIPPED_FILE = 'shipped.json';

/** Publishes the shipped demo as the region "demo". Throws INDEX_MISSING, BUNDLE_MISSING and what publishing throws. */
export async function installDemo(dataDir: string, root = PACKAGE_ROOT): Promise<string> {
  const indexDir = join(root, 'demo', 'index');
  const { bundle } = await readIndexManifest(indexDir);
  // What reads imagery is no part of answering: it is loaded where there is something to install.
  const { publishIndex } = await import('../../index/index.js');
  const bundleDir = await findBundle(join(root, 'models'), bundle.encoderSha256);
  const version = await publishIndex({ indexDir, dataDir, region: DEMO_REGION, bundleDir });
  await writeFileAtomic(
    join(regionDir(dataDir, DEMO_REGION), SHIPPED_FILE),
    `${JSON.stringify({ version })}\n`,
  );
  return version;
}

/**
 * Keeps a folder's demo region at what ships: installs it where there is no region at all, and replaces an older one that
 * was installed so. What people published themselves stays. Returns the version installed, or undefined.
 */
export async function followShippedDemo(dataDir: string, root = PACKAGE_ROOT): Promise<string | undefined> {
  if ((await listRegions(dataDir)).length === 0) return installDemo(dataDir, root);
  if (!(await isOlderShipped(dataDir, root))) return undefined;
  return installDemo(dataDir, root);
}

async function isOlderShipped(dataDir: string, root: string): Promise<boolean> {
  const pointer = await currentVersion(dataDir, DEMO_REGION);
  if (!pointer) return false;
  const shipped = await readIndexManifest(join(root, 'demo', 'index')).catch(() => undefined);
  if (!shipped) return false;
  if (pointer.version === shipped.version) return false;
  const installed = await installedVersion(dataDir);
  if (installed !== undefined) return installed === pointer.version;
  // Installed before that was written down: the only version ever, by the same bundle, made earlier.
  if (pointer.history.length > 0) return false;
  const current = await readIndexManifest(versionDir(dataDir, DEMO_REGION, pointer.version));
  return current.bundle.name === shipped.bundle.name && current.createdAt < shipped.createdAt;
}

async function installedVersion(dataDir: string): Promise<string | undefined> {
  try {
    const json: unknown = JSON.parse(
      await readFile(join(regionDir(dataDir, DEMO_REGION), SHIPPED_FILE), 'utf8'),
    );
    return (json as { version?: string }).version;
  } catch {
    return undefined;
  }
}

/** The folder under `modelsDir` whose bundle has this encoder. Throws BUNDLE_MISSING. */
async function findBundle(modelsDir: string, encoderSha256: string): Promise<string> {
  const entries = await readdir(modelsDir, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((e) => e.isDirectory()).sort((a, b) => a.name.localeCompare(b.name))) {
    const dir = join(modelsDir, entry.name);
    if ((await encoderOf(dir)) === encoderSha256) return dir;
  }
  throw new SkyfixError('BUNDLE_MISSING', `No bundle under ${modelsDir} has the encoder ${encoderSha256}.`);
}

async function encoderOf(bundleDir: string): Promise<string | undefined> {
  try {
    const json: unknown = JSON.parse(await readFile(join(bundleDir, 'bundle.json'), 'utf8'));
    return (json as { files?: Record<string, { sha256?: string }> }).files?.['encoder.onnx']?.sha256;
  } catch {
    return undefined;
  }
}
