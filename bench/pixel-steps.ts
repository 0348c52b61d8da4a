// Decoding and the lookup of the BEV, of one panorama of 2048 x 1024 pixels as a JPEG file.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { markdownTable, median, percentile, runPeerProgram } from '../loadtest/index.js';
import { areaDownsample, BevTableCache, projectBev } from '../src/geometry/index.js';
import { decodePhoto, requireTexture, sharp } from '../src/imaging/index.js';
import { cellsOf, measure, TIMING_HEAD } from './measure.js';

const [WIDTH_PX, QUALITY] = [2048, 85];
/** BEV pixels along a side: of a bundle like the one that ships, and of the paper's. */
const SIZES_PX = [144, 512] as const;

/** A table of both steps; `jpeg` is any panorama of 2:1. Processor time counts libvips' threads too. */
export async function pixelTable(jpeg: Uint8Array, rounds: number, root: string): Promise<string> {
  const upload = await sharp(jpeg)
    .resize(WIDTH_PX, WIDTH_PX / 2, { fit: 'fill' })
    .jpeg({ quality: QUALITY })
    .toBuffer();
  const decode = () => decodePhoto(upload, { headingDeg: 0, targetWidthPx: WIDTH_PX });
  const rows = [['decode', 'skyfix', ...cellsOf(await measure(rounds, decode))]];
  const { image, model, pose } = await decode();
  for (const sizePx of SIZES_PX) {
    const tables = new BevTableCache();
    const geometry = { sizePx, gsdM: 72 / sizePx, cameraHeightM: 2.5 };
    const bev = (round: number) => {
      const seen = projectBev(image, model, { ...pose, headingDeg: round * 23 }, geometry, tables);
      requireTexture(seen);
      return areaDownsample(seen, 2);
    };
    rows.push([`BEV ${sizePx} × ${sizePx}`, 'skyfix', ...cellsOf(await measure(rounds, bev))]);
  }
  const all = [...rows, ...(await openCvRows(upload, rounds, root))];
  return (
    `${markdownTable(['step', 'by', ...TIMING_HEAD], all)}\n\n` +
    `The file has ${(upload.length / 1000).toFixed(0)} kB. Decoding includes metadata and the checks of borders and ` +
    'stereo pairs; the BEV, by a kept table under any heading, the check of its texture and the averaging to half its ' +
    'side. OpenCV does neither of the checks, on one thread, under one heading.'
  );
}

/** The same by OpenCV, where it is installed. */
async function openCvRows(upload: Uint8Array, rounds: number, root: string): Promise<string[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'skyfix-bench-'));
  try {
    const path = join(folder, 'panorama.jpg');
    await writeFile(path, upload);
    const text = await runPeerProgram(root, 'pixels.py', [path, String(rounds), ...SIZES_PX.map(String)]);
    if (text === undefined) return [];
    const times = JSON.parse(text) as Record<string, number[]>;
    const names = ['decode', ...SIZES_PX.map(String)];
    return names.map((name) => {
      const ms = times[name] ?? [];
      const cells = [median(ms), percentile(ms, 95), Math.min(...ms)].map((value) => value.toFixed(1));
      return [name === 'decode' ? name : `BEV ${name} × ${name}`, 'OpenCV', ...cells, '–'];
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
