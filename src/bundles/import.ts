// Networks trained elsewhere, as ONNX files, become a bundle: checked first, then written in one step.
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { asDiskError, messageOf, SkyfixError } from '../errors/index.js';
import {
  type FileChecksum,
  replaceFolder,
  sha256OfBytes,
  syncFolder,
  temporaryNameFor,
  writeFileAtomic,
} from '../files/index.js';
import type { BundleConfig } from './config.js';
import {
  checkNetwork,
  encoderContract,
  generatorContract,
  type NetworkContract,
  type NetworkReport,
} from './contract.js';
import type { BundleManifest } from './manifest.js';

export interface ImportOptions {
  readonly encoderPath: string;
  /** Absent: the BEV goes straight into the encoder. */
  readonly generatorPath?: string | undefined;
  readonly config: BundleConfig;
  /** Folder of the bundle. */
  readonly out: string;
  /** Whether a bundle in `out` may be replaced. */
  readonly replace: boolean;
  /** Compute threads while checking. */
  readonly threads: number;
}

export interface ImportedBundle {
  readonly manifest: BundleManifest;
  readonly encoder: NetworkReport;
  readonly generator?: NetworkReport;
}

/**
 * Checks the networks against the bundle contract and writes `out` with checksums, complete or not at all. Throws
 * BUNDLE_EXISTS, NETWORK_INVALID (a file that cannot be read, too) or DISK_FULL; nothing that existed has changed then.
 */
export async function importBundle(options: ImportOptions): Promise<ImportedBundle> {
  const { config, encoderPath, generatorPath, replace, threads } = options;
  const target = resolve(options.out);
  await checkTarget(target, replace);
  const { geometry, descriptor } = config;
  const check = async (path: string, contract: NetworkContract) => {
    const bytes = await readNetwork(path);
    return { bytes, report: await checkNetwork(path, bytes, contract, { threads }) };
  };
  const encoder = await check(encoderPath, encoderContract(geometry, descriptor.dimensions));
  const generator = generatorPath ? await check(generatorPath, generatorContract(geometry)) : undefined;
  const networks = {
    ...(generator ? { 'generator.onnx': generator.bytes } : {}),
    'encoder.onnx': encoder.bytes,
  };
  return {
    manifest: await writeImported(target, config, networks, replace),
    encoder: encoder.report,
    ...(generator ? { generator: generator.report } : {}),
  };
}

/** A folder may be replaced only where it is a bundle: --out may name a home folder by mistake. */
async function checkTarget(target: string, replace: boolean): Promise<void> {
  let names: string[];
  try {
    names = await readdir(target);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code !== 'ENOTDIR') throw error;
    throw new SkyfixError('BUNDLE_EXISTS', `${target} is there and is no folder.`, { cause: error });
  }
  if (names.length === 0) return;
  if (!names.includes('bundle.json')) {
    throw new SkyfixError('BUNDLE_EXISTS', `${target} holds ${names.length} files and no bundle.json.`);
  }
  if (!replace) throw new SkyfixError('BUNDLE_EXISTS', `${target} holds a bundle already.`);
}

async function readNetwork(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new SkyfixError('NETWORK_INVALID', `${path} cannot be read (${messageOf(error)}).`, {
      cause: error,
    });
  }
}

async function writeImported(
  target: string,
  config: BundleConfig,
  networks: Readonly<Record<string, Uint8Array>>,
  replace: boolean,
): Promise<BundleManifest> {
  const temporary = temporaryNameFor(target);
  const files: Record<string, FileChecksum> = {};
  try {
    for (const [name, bytes] of Object.entries(networks)) {
      await writeFileAtomic(join(temporary, name), bytes);
      files[name] = { sha256: sha256OfBytes(bytes), bytes: bytes.byteLength };
    }
    const { schema, name, version, input, geometry, preprocessing, descriptor } = config;
    const manifest: BundleManifest = {
      schema,
      name,
      version,
      createdAt: config.createdAt ?? new Date().toISOString(),
      profile: config.profile ?? 'imported',
      ...(input && { input }),
      geometry,
      preprocessing,
      descriptor,
      training: config.training ?? {},
      metrics: config.metrics ?? {},
      files,
    };
    await writeFileAtomic(join(temporary, 'bundle.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await mkdir(dirname(target), { recursive: true });
    if (replace) await replaceFolder(temporary, target);
    else {
      // A folder that was filled since it was looked at makes this fail.
      await rename(temporary, target);
      await syncFolder(dirname(target));
    }
    return manifest;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw asDiskError(error, target);
  }
}
