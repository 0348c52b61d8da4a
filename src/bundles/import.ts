// Networks trained elsewhere, as ONNX files, become a bundle: checked first, then written in one step.
import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { asDiskError, SkyfixError } from '../errors/index.js';
import {
  type FileChecksum,
  makeFolder,
  replaceFolder,
  sha256OfBytes,
  syncFolder,
  temporaryNameFor,
  writeFileAtomic,
} from '../files/index.js';
import { checkNetwork, type NetworkReport } from './check-network.js';
import type { BundleConfig } from './config.js';
import { encoderContract, generatorContract, type NetworkContract } from './contract.js';
import type { BundleManifest, NetworkFile } from './manifest.js';
import { readNetwork } from './read-network.js';

export interface ImportOptions {
  readonly encoderPath: string;
  /** Absent: the BEV goes straight into the encoder. */
  readonly generatorPath?: string | undefined;
  readonly config: BundleConfig;
  /** Inputs and outputs under other names: theirs to "image", "descriptor", "bev" or "view". */
  readonly renames?: ReadonlyMap<string, string> | undefined;
  /** Folder of the bundle. */
  readonly out: string;
  /** Whether a bundle in `out` may be replaced. */
  readonly replace: boolean;
  /** Compute threads while checking. */
  readonly threads: number;
}

/** A network as it was found, and what was changed in its file. */
export interface ImportedNetwork extends NetworkReport {
  readonly changes: readonly string[];
}

export interface ImportedBundle {
  readonly manifest: BundleManifest;
  readonly encoder: ImportedNetwork;
  readonly generator?: ImportedNetwork;
}

/**
 * Checks the networks against the bundle contract and writes `out` with checksums, complete or not at all. Throws
 * BUNDLE_EXISTS, NETWORK_INVALID (a file that cannot be read, too) or DISK_FULL; nothing that existed has changed then.
 */
export async function importBundle(options: ImportOptions): Promise<ImportedBundle> {
  const { config, encoderPath, generatorPath, replace } = options;
  const target = resolve(options.out);
  await checkTarget(target, replace);
  const temporary = temporaryNameFor(target);
  try {
    const take = (file: NetworkFile, path: string, contract: NetworkContract) =>
      takeNetwork(join(temporary, file), path, contract, options);
    const ofEncoder = encoderContract(config);
    const encoder = await take('encoder.onnx', encoderPath, ofEncoder);
    const generator = generatorPath
      ? await take('generator.onnx', generatorPath, generatorContract(config.geometry))
      : undefined;
    const taken = { ...(generator && { 'generator.onnx': generator }), 'encoder.onnx': encoder };
    const manifest = manifestOf(config, taken);
    await writeFileAtomic(join(temporary, 'bundle.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await makeFolder(dirname(target));
    if (replace) await replaceFolder(temporary, target);
    else {
      // A folder that was filled since it was looked at makes this fail.
      await rename(temporary, target);
      await syncFolder(dirname(target));
    }
    return { manifest, encoder: encoder.report, ...(generator && { generator: generator.report }) };
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw asDiskError(error, target);
  }
}

interface TakenNetwork {
  readonly report: ImportedNetwork;
  readonly checksum: FileChecksum;
}

/** Writes the network to `file` as a bundle keeps it, and tries it there. */
async function takeNetwork(
  file: string,
  path: string,
  contract: NetworkContract,
  { renames = new Map(), threads }: ImportOptions,
): Promise<TakenNetwork> {
  const own = new Map([...renames].filter(([, to]) => to === contract.input || to === contract.output));
  const { bytes, changes } = await readNetwork(path, contract, own);
  await writeFileAtomic(file, bytes);
  const report = await checkNetwork({ file, name: path, bytes }, contract, { threads });
  return {
    report: { ...report, changes },
    checksum: { sha256: sha256OfBytes(bytes), bytes: bytes.byteLength },
  };
}

function manifestOf(
  config: BundleConfig,
  taken: Readonly<Partial<Record<NetworkFile, TakenNetwork>>>,
): BundleManifest {
  const { schema, name, version, input, geometry, looks, preprocessing, descriptor } = config;
  const networks = Object.entries(taken) as [NetworkFile, TakenNetwork][];
  const single = networks.filter(([, { report }]) => report.batch === 1).map(([file]) => file);
  return {
    schema,
    name,
    version,
    createdAt: config.createdAt ?? new Date().toISOString(),
    profile: config.profile ?? 'imported',
    ...(input && { input }),
    geometry,
    ...(looks && { looks }),
    preprocessing,
    ...(single.length > 0 && { oneAtATime: single }),
    descriptor,
    training: config.training ?? {},
    metrics: config.metrics ?? {},
    files: Object.fromEntries(networks.map(([file, { checksum }]) => [file, checksum])),
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
