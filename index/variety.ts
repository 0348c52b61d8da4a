// Whether descriptors tell tiles apart: recall says nothing of an encoder that answers everything alike.
import { SkyfixError } from '../src/errors/index.js';
import { seededRandom } from '../src/random/index.js';
import type { Descriptors } from '../src/search/index.js';

/** Tiles that are compared with one another. */
const SAMPLE = 256;
/** Distance of descriptors below which two tiles look the same: a cosine over 1 - 5e-7. */
const SAME_DISTANCE = 1e-3;
/** More tiles than these that look like another of the sample make an index useless; water and fields may well look alike. */
const MOST_ALIKE = 0.9;

/** Share of the tiles of a seeded sample whose descriptor another tile of the sample has, too; 0 for a single tile. */
export function shareAlike({ count, dimensions, data }: Descriptors, seed: number): number {
  const random = seededRandom(seed);
  const rows = new Set<number>();
  while (rows.size < Math.min(SAMPLE, count)) rows.add(Math.floor(random() * count));
  const sample = [...rows];
  const same = (a: number, b: number) => {
    let square = 0;
    for (let k = 0; k < dimensions && square < SAME_DISTANCE ** 2; k++) {
      square += ((data[a * dimensions + k] as number) - (data[b * dimensions + k] as number)) ** 2;
    }
    return square < SAME_DISTANCE ** 2;
  };
  const alike = sample.filter((a) => sample.some((b) => b !== a && same(a, b)));
  return alike.length / sample.length;
}

/** Throws INDEX_CORRUPT where nearly all tiles look the same. `dir` is what the message names. */
export function checkVariety(descriptors: Descriptors, seed: number, dir: string): number {
  const alike = shareAlike(descriptors, seed);
  if (alike <= MOST_ALIKE) return alike;
  throw new SkyfixError(
    'INDEX_CORRUPT',
    `${dir}: ${Math.round(100 * alike)} % of the tiles have the descriptor of another tile: no place can be told ` +
      'from another. Either the encoder answers everything alike ("skyfix bundle check" tries ' +
      'it), or the imagery shows one thing everywhere.',
  );
}
