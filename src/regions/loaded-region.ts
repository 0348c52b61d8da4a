// What a region is while it serves.

import type { Bundle } from '../bundles/index.js';
import type { Networks } from '../describe/index.js';
import type { BevTableOwner } from '../geometry/index.js';
import type { OpenIndexVersion } from '../versions/index.js';

/** A region with everything open that locate() needs: one index version and the bundle it was built with. */
export interface LoadedRegion {
  readonly name: string;
  readonly bundle: Bundle;
  readonly networks: Pick<Networks, 'generator' | 'encoder' | 'whole'>;
  readonly version: OpenIndexVersion;
  /** Sampling tables kept between panoramas. */
  readonly tables: BevTableOwner;
}
