// Strict figures of an encoder over an area: paired (one tile a query), and on a grid of tiles as it is served.

import { type BundleGeometry, type DescriptorMap, descriptorMapOf } from 'skyfix/bundles';
import { lookCorners, lookOffsets } from 'skyfix/describe';
import { distanceM, type LonLat } from 'skyfix/geometry';
import { type SearchableTiles, searchPlaces } from 'skyfix/places';
import { Catalogue, HeldIndex } from 'skyfix/search';
import {
  chanceOf,
  confusionByDistrict,
  type Descriptors,
  type DistanceFigures,
  distanceFigures,
  hitCurve,
  rankGallery,
  recallByDistrict,
  recallOf,
} from '../evaluation/index.js';
import type { PreparedArea } from '../images/index.js';
import { type GridHead, mapOfHead } from '../networks/index.js';
import type { RetrievalResult } from '../runs/index.js';
import type { Square } from '../stages/index.js';
import type { ImageStore } from '../stores/index.js';

/** Descriptors of a square (of the middle without one) of some images of a store, or of all. */
export type Embed = (images: ImageStore, square?: Square, rows?: readonly number[]) => Promise<Descriptors>;

export interface AreaFigures {
  readonly result: RetrievalResult;
  /** Strict rank of each query's own tile, 0 is best. */
  readonly ranks: Int32Array;
  /** Numbers of the five most similar gallery tiles of each query. */
  readonly firstFive: readonly (readonly number[])[];
}

const ANSWERS = 5;
/** Numbers of looks' descriptors that are held at once: a quarter of a GiB. */
const MOST_LOOK_NUMBERS = 2 ** 26;

/** What a server would look places up by. */
export interface ServedBy {
  readonly geometry: BundleGeometry;
  /** How the descriptors are made up, where they are maps of the tiles' ground. */
  readonly map?: DescriptorMap | undefined;
}

/** By an encoder with such a head; undefined for other encoders. */
export function servedBy(head: GridHead | undefined, geometry: BundleGeometry): ServedBy {
  const map = head && mapOfHead(head);
  return { geometry, map: descriptorMapOf({ descriptor: { map }, geometry }) };
}

/** `queries`: row k shows place k of the area, perhaps with the margin that serving looks around in. */
export async function evaluateArea(
  name: string,
  model: RetrievalResult['model'],
  embed: Embed,
  queries: ImageStore,
  area: PreparedArea,
  served: ServedBy,
): Promise<AreaFigures> {
  const asked = await embed(queries);
  const gallery = await embed(area.gallery);
  const { ranks, answers } = rankGallery(asked, gallery, area.tileOf, { answers: ANSWERS });
  const first = answers.map(([row = 0]) => row);
  const pairedDistance = firstTileDistances(first, area);
  const grid = area.grid && (await gridFigures(embed, queries, area.locations, area.grid, served));
  const { districts } = area;
  const ofGallery = districts && districtsOfTiles(districts, area);
  return {
    ranks,
    firstFive: answers,
    result: {
      area: name,
      model,
      paired: recallOf(ranks, gallery.count),
      chance: chanceOf(gallery.count),
      hitCurve: hitCurve(ranks),
      ...(pairedDistance && { pairedDistance }),
      ...(grid && { grid }),
      ...(districts && { byDistrict: recallByDistrict(ranks, districts) }),
      ...(districts && ofGallery && { confusion: confusionByDistrict(first, districts, ofGallery) }),
    },
  };
}

/**
 * Distances from where queries were taken to the centre of their first tile; undefined where a tile's centre or every
 * query's place is unknown. Queries without a place do not count.
 */
function firstTileDistances(
  first: readonly number[],
  { locations, galleryCentres }: PreparedArea,
): DistanceFigures | undefined {
  if (galleryCentres.some((centre) => centre === undefined)) return undefined;
  const errors = locations.flatMap((truth, query) => {
    const centre = galleryCentres[first[query] as number];
    return truth && centre ? [distanceM(truth, centre)] : [];
  });
  return errors.length > 0 ? distanceFigures(errors, galleryCentres.length) : undefined;
}

/** The district of each gallery tile, where every one belongs to a place. */
function districtsOfTiles(districts: readonly string[], { tileOf, galleryIds }: PreparedArea) {
  if (galleryIds.length !== districts.length) return undefined;
  const ofTile = galleryIds.map(() => '');
  for (let place = tileOf.length - 1; place >= 0; place--) {
    ofTile[tileOf[place] as number] = districts[place] as string; // of two places in one tile the first counts
  }
  return ofTile;
}

/** As a server answers: every look at the view votes, and the first place counts. */
async function gridFigures(
  embed: Embed,
  queries: ImageStore,
  locations: readonly (LonLat | undefined)[],
  grid: NonNullable<PreparedArea['grid']>,
  { geometry, map }: ServedBy,
): Promise<DistanceFigures> {
  const { inputSizePx, tileSizeM } = geometry;
  const marginPx = (queries.sizePx - inputSizePx) / 2;
  // Raw panoramas have no ground around them: one look.
  const wide: BundleGeometry = marginPx > 0 ? geometry : { ...geometry, searchMarginPx: 0 };
  const cells = await embed(grid.images);
  const tiles = searchableGrid(cells, grid.centres, tileSizeM, map);
  const { dimensions } = cells;
  const [corners, offsets] = [lookCorners(wide), lookOffsets(wide)];
  const errors: number[] = [];
  const known = locations.flatMap((truth, query) => (truth ? [{ truth, query }] : []));
  const most = Math.max(1, Math.floor(MOST_LOOK_NUMBERS / (corners.length * dimensions)));
  for (let start = 0; start < known.length; start += most) {
    const part = known.slice(start, start + most);
    const rows = part.map(({ query }) => query);
    const looks: Descriptors[] = [];
    for (const corner of corners) {
      looks.push(await embed(queries, { ...corner, sizePx: inputSizePx }, rows));
    }
    for (const [k, { truth }] of part.entries()) {
      const seen = offsets.map((offset, l) => ({
        ...offset,
        descriptor: (looks[l] as Descriptors).data.slice(k * dimensions, (k + 1) * dimensions),
      }));
      const [place] = await searchPlaces(tiles, seen, 1);
      errors.push(place ? distanceM(truth, place) : Number.POSITIVE_INFINITY);
    }
  }
  await tiles.index.close();
  return distanceFigures(errors, cells.count);
}

/** A grid's tiles, described, as a server searches them. */
export function searchableGrid(
  cells: Descriptors,
  centres: readonly LonLat[],
  sizeM: number,
  map?: DescriptorMap,
): SearchableTiles {
  const tiles = centres.map((centre, k) => ({ ...centre, tile: String(k), sizeM, source: 'grid' }));
  // All tiles are compared: figures tell of the networks, not of a graph.
  const index = new HeldIndex({ kind: 'none', path: '', efSearch: 1, descriptors: cells });
  return { index, catalogue: new Catalogue(tiles), map };
}
