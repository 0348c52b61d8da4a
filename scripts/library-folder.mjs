// Native libraries out of a wheel in a folder of the user's cache, whole or not there.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SetupError } from './setup-steps.mjs';
import { checkPip, pinnedWheel, sha256, unpackFlat } from './wheels.mjs';

const SUMS = 'SHA256SUMS';

/** Whether every file is as it was installed. */
async function isWhole(folder) {
  if (!existsSync(join(folder, SUMS))) return false;
  for (const line of readFileSync(join(folder, SUMS), 'utf8').trim().split('\n')) {
    const [sum, name] = line.split('  ');
    if (!existsSync(join(folder, name)) || (await sha256(join(folder, name))) !== sum) return false;
  }
  return true;
}

/**
 * Fills `folder` with the files of a project's wheel whose paths match `files` (a pattern of Python's), unless it has them.
 * `wheels`: by platform and architecture, the wheel's platform tag and checksum.
 */
export async function fillLibraryFolder(folder, { project, version, size, wheels, files }, say) {
  if (await isWhole(folder)) return;
  if (existsSync(folder) && !existsSync(join(folder, SUMS)) && readdirSync(folder).length > 0) {
    throw new SetupError(`${folder} holds something else; name another folder.`);
  }
  const platform = `${process.platform} ${process.arch}`;
  const pinned = wheels[platform];
  if (!pinned) {
    throw new SetupError(
      `there is no ${project} for ${platform}; onnxruntime serves there, on the processor.`,
    );
  }
  checkPip();
  mkdirSync(dirname(folder), { recursive: true });
  const half = `${folder}.${process.pid}.tmp`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half);
  try {
    say(`downloading ${project} ${version} (about ${size})`);
    const wheel = await pinnedWheel(half, project, version, pinned);
    unpackFlat(wheel, half, files);
    rmSync(wheel);
    const sums = [];
    for (const name of readdirSync(half).sort()) sums.push(`${await sha256(join(half, name))}  ${name}`);
    writeFileSync(join(half, SUMS), `${sums.join('\n')}\n`);
    rmSync(folder, { recursive: true, force: true });
    renameSync(half, folder);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
}
