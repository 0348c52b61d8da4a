// A part of a build in a process of its own, so that a test can kill it: argv is bundle, mosaic, out, and the tile count at
// which it ends itself without any clean-up.
import { buildPart } from '../../index/index.js';

const [bundleDir = '', imagery = '', outDir = '', killAt = ''] = process.argv.slice(2);
await buildPart({
  bundleDir,
  imagery,
  outDir,
  part: 1,
  of: 2,
  strideM: 6,
  createdAt: '2026-02-03T04:05:06.000Z',
  onProgress: (done) => {
    if (done >= Number(killAt)) process.kill(process.pid, 'SIGKILL');
  },
});
