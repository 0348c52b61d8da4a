// What the demo commands show: progress lines, the mean tile, and sheets of BEV, view and tile side by side.
import { writeFileAtomic } from 'skyfix/files';
import type { RgbImage } from 'skyfix/geometry';
import { encodePng } from 'skyfix/imaging';
import { type ImageSet, imageAt, imageBytes } from '../data/image-set.js';
import type { Progress } from '../data/town-dataset.js';

/** Progress as a line at every tenth. */
export function tellOnLines(what: string): Progress {
  let last = -1;
  return (done, total) => {
    const tenth = Math.floor((done * 10) / Math.max(1, total));
    if (tenth !== last) process.stdout.write(`${what} ${done}/${total}\n`);
    last = tenth;
  };
}

/** Progress of work in stages: each stage is told by itself, under `what` and its name. */
export function tellStages(
  what: string,
  tell: (what: string) => Progress,
): (stage: string, done: number, total: number) => void {
  const told = new Map<string, Progress>();
  return (stage, done, total) => {
    const progress = told.get(stage) ?? tell(`${what}: ${stage}`);
    told.set(stage, progress);
    progress(done, total);
  };
}

/** The average of all images of a set: the baseline that a blur has to beat. */
export function meanTile(set: ImageSet): RgbImage {
  const bytes = imageBytes(set);
  const sum = new Float64Array(bytes);
  for (let index = 0; index < set.count; index++) {
    for (let k = 0; k < bytes; k++) sum[k] = (sum[k] as number) + (set.data[index * bytes + k] as number);
  }
  return {
    widthPx: set.sizePx,
    heightPx: set.sizePx,
    data: Uint8Array.from(sum, (v) => Math.round(v / set.count)),
  };
}

/** A sheet of 8 x 4 places, each BEV, view and tile side by side. */
export async function writeViewSheet(path: string, ...sets: readonly ImageSet[]): Promise<void> {
  const size = sets[0]?.sizePx ?? 0;
  const columns = 4;
  const rows = 8;
  const gap = 4;
  const cell = sets.length * size + gap;
  const widthPx = columns * cell;
  const heightPx = rows * (size + gap);
  const data = new Uint8Array(widthPx * heightPx * 3).fill(255);
  const count = sets[0]?.count ?? 0;
  for (let k = 0; k < rows * columns && k < count; k++) {
    const index = Math.floor((k * count) / Math.min(count, rows * columns));
    sets.forEach((set, s) => {
      const image = imageAt(set, index);
      for (let row = 0; row < size; row++) {
        const y = Math.floor(k / columns) * (size + gap) + row;
        const x = (k % columns) * cell + s * size;
        data.set(image.data.subarray(row * size * 3, (row + 1) * size * 3), (y * widthPx + x) * 3);
      }
    });
  }
  await writeFileAtomic(path, await encodePng({ widthPx, heightPx, data }));
}
