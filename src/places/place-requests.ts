// What the owner of a region's tiles asks the thread that holds them, beside what it asks any index.
import type { DescriptorMap } from '../bundles/index.js';
import type { CatalogueParts, Descriptors, IndexRequests, IndexSetup } from '../search/index.js';
import type { CollectionPlace, CollectionSource } from '../weaviate/index.js';
import type { PlaceHit } from './merge-places.js';
import type { Prior } from './priors.js';

export interface PlaceSetup extends IndexSetup {
  readonly catalogue: CatalogueParts;
  /** See SearchableTiles. */
  readonly map?: DescriptorMap | undefined;
}

/** What is asked for: see findPlaces and findTiles. */
export interface PlaceQuestion {
  readonly k: number;
  readonly prior?: Prior | undefined;
  readonly leastHits?: number | undefined;
}

export interface LooksMessage {
  /** [east, north] of each look, metres. */
  readonly offsets: Float64Array;
  /** [n * D] */
  readonly descriptors: Float32Array;
}

export interface PlaceRequests extends IndexRequests {
  places(request: LooksMessage & PlaceQuestion): readonly PlaceHit[];
  tiles(request: LooksMessage & PlaceQuestion): readonly PlaceHit[];
}

export interface RemotePlaceSetup extends CollectionSource {
  /** Directions along which descriptors are seen, where the collection has fewer dimensions than the encoder. */
  readonly projection?: Descriptors | undefined;
  readonly catalogue: CatalogueParts;
  /** See SearchableTiles. */
  readonly map?: DescriptorMap | undefined;
}

export interface RemotePlaceRequests extends PlaceRequests {
  /** See FollowingIndex.probe. */
  probe(request: { readonly place?: CollectionPlace | undefined }): void;
}
