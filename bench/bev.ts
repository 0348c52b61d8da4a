// npm run bench:bev: how long a projection takes on this machine.
import { cpus } from 'node:os';
import { BevTableCache, fullSphere, projectBev } from '../src/geometry/index.js';

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}`);
console.log('panorama     BEV        median ms: kept table   new table, level   new table, tilted');
for (const [width, size] of [
  [1024, 256],
  [2048, 512],
  [4096, 512],
  [2048, 1024],
] as const) {
  const image = {
    widthPx: width,
    heightPx: width / 2,
    data: Uint8Array.from({ length: (width * width * 3) / 2 }, (_, k) => (k * 31) & 255),
  };
  const window = fullSphere(width, width / 2);
  const geometry = { sizePx: size, gsdM: 30 / size, cameraHeightM: 1.5 };
  const time = (pitchDeg: number, cache?: BevTableCache) => {
    const times: number[] = [];
    for (let k = 0; k < 15; k++) {
      const started = performance.now();
      projectBev(image, window, { headingDeg: k * 23, pitchDeg, rollDeg: pitchDeg }, geometry, cache);
      times.push(performance.now() - started);
    }
    return median(times).toFixed(2);
  };
  const kept = time(0, new BevTableCache());
  const cells = [`${width}x${width / 2}`.padEnd(12), `${size}x${size}`.padEnd(21), kept.padEnd(13)];
  console.log([...cells, time(0).padEnd(18), time(1.5)].join(' '));
}
