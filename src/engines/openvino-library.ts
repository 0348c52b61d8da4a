// Where OpenVINO's C library lies: in a folder that is named, in the user cache folder where "npm run setup:openvino" puts
// it, or beside this program.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { userCacheFolder } from '../files/index.js';

/** The release that setup:openvino installs and that was tried. */
export const OPENVINO_VERSION = '2026.4.1';

/** Parts of an installation, below a folder that is named: a wheel's, an archive's, a system's. */
const PLACES = [
  '',
  'libs',
  'openvino/libs',
  'lib',
  'runtime/lib/intel64',
  'runtime/lib/aarch64',
  'runtime/bin',
];

/** The C library's file name; a version may follow or stand within. */
const NAMES: Partial<Record<NodeJS.Platform, RegExp>> = {
  linux: /^libopenvino_c\.so(\.\d+)*$/,
  darwin: /^libopenvino_c(\.\d+)*\.dylib$/,
  win32: /^openvino_c\.dll$/,
};

/** Where it is looked for: what setup:openvino fills, and a folder of this installation, as the container image has it. */
export function openvinoFolders(): readonly string[] {
  const installation = fileURLToPath(new URL('../../../openvino', import.meta.url));
  return [join(userCacheFolder(), `openvino-${OPENVINO_VERSION}`), installation];
}

/** The C library in or below `folder`, or undefined. */
export async function findOpenVino(
  folder: string,
  platform: NodeJS.Platform = process.platform,
): Promise<string | undefined> {
  const wanted = NAMES[platform];
  if (!wanted) return undefined;
  for (const place of PLACES) {
    const within = join(folder, place);
    const names = await readdir(within).catch(() => [] as string[]);
    const [name] = names.filter((candidate) => wanted.test(candidate)).sort();
    if (name) return join(within, name);
  }
  return undefined;
}
