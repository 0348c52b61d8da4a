// A region's first answer is slow: networks prepare for shapes that they have not seen, tables are built, code is compiled.
// One request that nobody asked, before the region serves, takes that upon itself.
import type { RgbImage } from '../geometry/index.js';
import { encodePng } from '../imaging/index.js';
import { seededRandom } from '../random/index.js';
import type { LoadedRegion } from '../regions/index.js';
import { locate } from './locate.js';

const WIDTH_PX = 1024;

/**
 * Answers a made-up panorama. Throws what locate throws: a region whose networks cannot answer it answers nobody.
 */
export async function warmRegion(region: LoadedRegion): Promise<void> {
  await locate(region, await encodePng(grain()), { top: 1, headingDeg: 0, distinct: true });
}

/** No place on earth, but nowhere flat, which networks may have nothing to say about. */
function grain(): RgbImage {
  const random = seededRandom(1);
  const data = Uint8Array.from({ length: (WIDTH_PX * WIDTH_PX * 3) / 2 }, () => 64 + 128 * random());
  return { widthPx: WIDTH_PX, heightPx: WIDTH_PX / 2, data };
}
