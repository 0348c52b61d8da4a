// The trunk of a run's encoder as the engine that serves runs it: an ONNX file in the cache folder, named by its content.
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256OfBytes, writeFileAtomic } from 'skyfix/files';
import { exportTrunkOnnx, torchLayout } from '../export/index.js';
import type { TrunkFile } from '../features/index.js';
import { type GridEncoder, headSizes } from '../networks/index.js';

export async function trunkFileOf(encoder: GridEncoder, cacheDir: string): Promise<TrunkFile> {
  const { trunk, blocks } = encoder;
  const bytes = exportTrunkOnnx(trunk, torchLayout(encoder.trunkArrays()), blocks);
  const sha256 = sha256OfBytes(bytes);
  const path = join(cacheDir, `trunk-${sha256.slice(0, 32)}.onnx`);
  await mkdir(cacheDir, { recursive: true });
  if (!existsSync(path)) await writeFileAtomic(path, bytes);
  return { path, sha256, channels: headSizes(encoder.head()).features };
}
