// Decoding and the lookup of the BEV, of one panorama of 2048 x 1024 pixels as a JPEG file.
import { markdownTable } from '../loadtest/index.js';
import { areaDownsample, BevTableCache, projectBev } from '../src/geometry/index.js';
import { decodePhoto, requireTexture, sharp } from '../src/imaging/index.js';
import { cellsOf, measure, TIMING_HEAD } from './measure.js';

const [WIDTH_PX, QUALITY] = [2048, 85];
/** BEV pixels along a side: of a bundle like the one that ships, and of the paper's. */
const SIZES_PX = [144, 512] as const;

/** A table of both steps; `jpeg` is any panorama of 2:1. Processor time counts libvips' threads too. */
export async function pixelTable(jpeg: Uint8Array, rounds: number): Promise<string> {
  const upload = await sharp(jpeg)
    .resize(WIDTH_PX, WIDTH_PX / 2, { fit: 'fill' })
    .jpeg({ quality: QUALITY })
    .toBuffer();
  const decode = () => decodePhoto(upload, { headingDeg: 0, targetWidthPx: WIDTH_PX });
  const rows = [
    ['decode', `${(upload.length / 1000).toFixed(0)} kB`, ...cellsOf(await measure(rounds, decode))],
  ];
  const { image, model, pose } = await decode();
  for (const sizePx of SIZES_PX) {
    const tables = new BevTableCache();
    const geometry = { sizePx, gsdM: 72 / sizePx, cameraHeightM: 2.5 };
    const bev = (round: number) => {
      const seen = projectBev(image, model, { ...pose, headingDeg: round * 23 }, geometry, tables);
      requireTexture(seen);
      return areaDownsample(seen, 2);
    };
    rows.push(['BEV, kept table', `${sizePx} × ${sizePx}`, ...cellsOf(await measure(rounds, bev))]);
  }
  return markdownTable(['step', 'size', ...TIMING_HEAD], rows);
}
