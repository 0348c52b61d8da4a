// npm run bench:bev: how long a projection takes on this machine.
import { cpus } from 'node:os';
import { BevTableCache, fullSphere, projectBev } from '../src/geometry/index.js';

/** Median, and the best in brackets: what the machine does when nothing else runs on it. */
function summary(times: number[]): string {
  times.sort((a, b) => a - b);
  return `${times[times.length >> 1]?.toFixed(2)} (${times[0]?.toFixed(2)})`;
}

console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}`);
console.log('milliseconds, median (best)');
console.log('panorama     BEV         kept table         new table, level   new table, tilted');
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
    for (let k = 0; k < 25; k++) {
      const started = performance.now();
      projectBev(image, window, { headingDeg: k * 23, pitchDeg, rollDeg: pitchDeg }, geometry, cache);
      times.push(performance.now() - started);
    }
    return summary(times);
  };
  const kept = time(0, new BevTableCache());
  const cells = [`${width}x${width / 2}`.padEnd(12), `${size}x${size}`.padEnd(11), kept.padEnd(18)];
  console.log([...cells, time(0).padEnd(18), time(1.5)].join(' '));
}
