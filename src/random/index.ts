// Seeded randomness: every random choice draws from a generator that is passed in.
export { hash3 } from './hash.js';
export { seededRandom } from './mulberry.js';
export { normalPair } from './normal.js';
export { makeRng, type Rng } from './rng.js';
export { shuffled } from './shuffle.js';
