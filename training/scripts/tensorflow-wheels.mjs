// TensorFlow's C libraries and headers from its PyPI wheels, unpacked into a user cache folder: the CPU build, or the
// CUDA build with NVIDIA's libraries beside it, where its own run path ($ORIGIN/../nvidia/*/lib) looks for them.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run, speaker } from '../../scripts/setup-steps.mjs';
import { cacheFolder, PYTHON, pipDownload, pipFetch, sha256, wheelIn } from '../../scripts/wheels.mjs';

const say = speaker('setup:training');

const TENSORFLOW_VERSION = '2.21.0';
/** Checksums of the wheels that were tried; another wheel of the same version is taken with a note. */
const KNOWN_WHEELS = {
  '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c': 'cp311, linux x64',
};
const HEADER_FOLDERS = [
  'tensorflow/c',
  'tensorflow/core/platform',
  'xla/tsl/c',
  'xla/tsl/platform',
  'tsl/platform',
];

const BUILDS = {
  cpu: { project: 'tensorflow-cpu', size: '270 MB', folder: `tensorflow-${TENSORFLOW_VERSION}`, lib: 'lib' },
  cuda: {
    project: 'tensorflow',
    size: '570 MB',
    folder: `tensorflow-${TENSORFLOW_VERSION}-cuda`,
    lib: 'tensorflow',
  },
};

/** Where this Python has no wheel: the one for 3.12 serves as well, only its C libraries are used. */
const OTHER_PYTHON = [
  ...['--python-version', '3.12', '--implementation', 'cp'],
  ...['--platform', 'manylinux_2_27_x86_64', '--platform', 'manylinux_2_28_x86_64'],
];

/** Downloads TensorFlow's wheel into `folder` and returns its path. */
async function downloadTensorflow(folder, { project, size }) {
  const requirement = `${project}==${TENSORFLOW_VERSION}`;
  const fetch = () => {
    say(`downloading ${requirement} (about ${size})`);
    try {
      return pipDownload(folder, requirement);
    } catch (first) {
      say('no wheel for this Python; taking the one for Python 3.12 (its libraries do not depend on Python)');
      try {
        return pipDownload(folder, requirement, OTHER_PYTHON);
      } catch {
        throw first;
      }
    }
  };
  const wheel = wheelIn(folder, project) ?? fetch();
  const known = KNOWN_WHEELS[await sha256(wheel)];
  say(
    known
      ? `wheel checksum as expected (${known})`
      : `${basename(wheel)} has not been tried before; pip checked its integrity`,
  );
  return wheel;
}

// A wheel is a zip file, and Python, which pip needs anyway, reads zip files.
const UNPACK = `
import sys, zipfile, os, shutil
wheel, out, lib, folders = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
archive = zipfile.ZipFile(wheel)
for name in archive.namelist():
    if name in ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'):
        path = os.path.join(out, lib, os.path.basename(name))
    elif name.startswith(tuple('tensorflow/include/' + f + '/' for f in folders)) and not name.endswith('/'):
        path = os.path.join(out, 'include', name[len('tensorflow/include/'):])
    elif name.startswith('nvidia/') and not name.endswith('/'):
        path = os.path.join(out, name)
    else:
        continue
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with archive.open(name) as source, open(path, 'wb') as target:
        shutil.copyfileobj(source, target, 1 << 20)
`;

// The requirements of the extra "and-cuda", as the wheel's own metadata has them: NVIDIA's libraries.
const REQUIREMENTS = `
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
metadata = next(name for name in archive.namelist() if name.endswith('.dist-info/METADATA'))
for line in archive.read(metadata).decode().splitlines():
    key, _, value = line.partition(': ')
    requirement, _, condition = value.partition(';')
    if key == 'Requires-Dist' and 'and-cuda' in condition:
        print(requirement.strip())
`;

/** Downloads and unpacks what the wheel names for CUDA, one library after the other. */
function unpackNvidia(wheel, folder, out) {
  const requirements = run(PYTHON, ['-c', REQUIREMENTS, wheel]).trim().split('\n');
  for (const [i, requirement] of requirements.entries()) {
    say(`downloading ${requirement} (${i + 1} of ${requirements.length})`);
    const own = join(folder, `nvidia.${process.pid}.tmp`);
    mkdirSync(own, { recursive: true });
    pipFetch(own, requirement);
    for (const name of readdirSync(own)) run(PYTHON, ['-c', UNPACK, join(own, name), out, 'lib']);
    rmSync(own, { recursive: true });
  }
}

/** Folders with TensorFlow's libraries and headers, filled once for all checkouts of this user. */
export async function tensorflowLibraries(cuda) {
  const build = cuda ? BUILDS.cuda : BUILDS.cpu;
  const cache = join(cacheFolder(), build.folder);
  const unpacked = join(cache, 'unpacked');
  const folders = { lib: join(unpacked, build.lib), include: join(unpacked, 'include') };
  if (existsSync(join(folders.lib, 'libtensorflow.so'))) return folders;
  mkdirSync(cache, { recursive: true });
  const wheel = await downloadTensorflow(cache, build);
  say('unpacking its libraries and headers (about 1 GB)');
  const half = join(cache, `unpacked.${process.pid}.tmp`);
  rmSync(half, { recursive: true, force: true });
  run(PYTHON, ['-c', UNPACK, wheel, half, build.lib, ...HEADER_FOLDERS]);
  if (cuda) unpackNvidia(wheel, cache, half);
  symlinkSync('libtensorflow_cc.so.2', join(half, build.lib, 'libtensorflow.so'));
  symlinkSync('libtensorflow_framework.so.2', join(half, build.lib, 'libtensorflow_framework.so'));
  rmSync(unpacked, { recursive: true, force: true });
  renameSync(half, unpacked);
  rmSync(wheel);
  return folders;
}
