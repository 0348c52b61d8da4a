// A build in a process of its own, so that a test can kill it: argv is bundle, mosaic, out, and the tile count at which
// it ends itself without any clean-up.
import { buildIndex } from '../../index/index.js';

const [bundleDir = '', imagery = '', outDir = '', killAt = ''] = process.argv.slice(2);
await buildIndex({
  bundleDir,
  imagery,
  outDir,
  strideM: 4,
  graph: { engine: 'hnswlib' },
  createdAt: '2026-02-03T04:05:06.000Z',
  onProgress: (done, _total, stage) => {
    if (stage === 'tiles' && done >= Number(killAt)) process.kill(process.pid, 'SIGKILL');
  },
});
