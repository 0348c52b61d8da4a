// A region's first answer is slow: networks prepare for shapes that they have not seen, tables are built, code is compiled.
// One request that nobody asked, before the region serves, takes that upon itself.
import { panoramaWidthOf } from '../bundles/index.js';
import type { RgbImage } from '../geometry/index.js';
import { encodePng } from '../imaging/index.js';
import { seededRandom } from '../random/index.js';
import type { LoadedRegion } from '../regions/index.js';
import { locate } from './locate.js';

/** The first prepares, the second has what is run twice compiled. */
const TIMES = 2;

/**
 * Answers a made-up panorama; returns what that took in the end, without the decoding, milliseconds: the file is not of the kind
 * that is uploaded. Throws what locate throws: a region whose networks cannot answer it answers nobody.
 */
export async function warmRegion(region: LoadedRegion): Promise<number> {
  // What larger panoramas are shrunk to, so that the table that is built is one that requests need.
  const upload = await encodePng(grain(panoramaWidthOf(region.bundle.manifest.geometry)));
  let tookMs = 0;
  for (let k = 0; k < TIMES; k++) {
    const { timingsMs } = await locate(region, upload, { top: 5, headingDeg: 0, distinct: true });
    tookMs = timingsMs.total - timingsMs.decode;
  }
  return tookMs;
}

/** No place on earth, but nowhere flat, which networks may have nothing to say about. */
function grain(widthPx: number): RgbImage {
  const random = seededRandom(1);
  const data = new Uint8Array((widthPx * widthPx * 3) / 2);
  for (let k = 0; k < data.length; k++) data[k] = 64 + 128 * random();
  return { widthPx, heightPx: widthPx / 2, data };
}
