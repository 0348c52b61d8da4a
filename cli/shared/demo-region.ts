// The demo region ships in two parts: demo/index (an index version without its bundle) and the bundle under models/.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishIndex } from '../../index/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import { listRegions, readIndexManifest } from '../../src/versions/index.js';
import { PACKAGE_ROOT } from './package-root.js';

export const DEMO_REGION = 'demo';

/** Publishes the shipped demo as the region "demo". Throws INDEX_MISSING, BUNDLE_MISSING and what publishing throws. */
export async function installDemo(dataDir: string, root = PACKAGE_ROOT): Promise<string> {
  const indexDir = join(root, 'demo', 'index');
  const { bundle } = await readIndexManifest(indexDir);
  const bundleDir = await findBundle(join(root, 'models'), bundle.encoderSha256);
  return publishIndex({ indexDir, dataDir, region: DEMO_REGION, bundleDir });
}

/** Installs the demo where the data folder has no region at all; returns its version, or undefined. */
export async function installDemoWhereEmpty(dataDir: string, root?: string): Promise<string | undefined> {
  if ((await listRegions(dataDir)).length > 0) return undefined;
  return installDemo(dataDir, root);
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
