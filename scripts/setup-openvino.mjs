// npm run setup:openvino: puts OpenVINO's libraries, which run networks faster than onnxruntime, into the user cache folder
// (SKYFIX_CACHE, else ~/.cache/skyfix), where a server looks for them. They come out of the PyPI wheel, its version pinned
// and its checksum held; nothing of it is Python. A second run checks what is there and takes a second.
//   --into DIR  another folder: openvino/ beside dist/ is looked into as well, any other by SKYFIX_OPENVINO_DIR
import { join, resolve } from 'node:path';
import { fillLibraryFolder } from './library-folder.mjs';
import { runSetup, speaker } from './setup-steps.mjs';
import { tryEngine } from './try-engine.mjs';
import { cacheFolder } from './wheels.mjs';

/** The release that src/engines/openvino-library.ts looks for; a test holds the two together. */
const VERSION = '2026.4.1';
const WHEELS = {
  'linux x64': {
    tag: 'manylinux_2_28_x86_64',
    sha256: '6b4375c17ddcac83a5180349e2e2bb811185c261066e2a920659892d58ef0e3b',
  },
  'linux arm64': {
    tag: 'manylinux_2_35_aarch64',
    sha256: '82efccb2f9f1bdc7e5a1996e05a3b719ebff9232dd54b44150d6d2e983a86b7d',
  },
  'darwin arm64': {
    tag: 'macosx_11_0_arm64',
    sha256: '726ac547b8474a5e7b145bc1ae5a8bb6fbcbb60b79bd9a611c67eec2c74b7a5f',
  },
  'win32 x64': {
    tag: 'win_amd64',
    sha256: '4e04316abff1b99e29b8cbd38deaef9bde4739eba216d982d4b3981e456ecd87',
  },
};
/** The C library, the core, the processor's plugin, what reads ONNX and compiled networks, threads; and the licences. */
const FILES =
  '^openvino/libs/(lib)?(openvino|openvino_c|openvino_(intel|arm)_cpu_plugin|openvino_(onnx|ir)_frontend' +
  '|tbb|tbb12|tbbbind_2_5|hwloc)[.0-9]*\\.(so|dylib|dll)[.0-9]*$|\\.dist-info/licenses/|\\.dist-info/METADATA$';

const say = speaker('setup:openvino');
const into = process.argv.indexOf('--into');
const folder = into < 0 ? join(cacheFolder(), `openvino-${VERSION}`) : resolve(process.argv[into + 1] ?? '');

await runSetup(say, async () => {
  const wheel = { project: 'openvino', version: VERSION, size: '60 MB', wheels: WHEELS, files: FILES };
  await fillLibraryFolder(folder, wheel, say);
  say(`OpenVINO ${VERSION} is in ${folder}`);
  for (const line of tryEngine('openvino', into < 0 ? undefined : folder)) say(line);
});
