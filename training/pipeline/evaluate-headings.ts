// What a bundle reaches where the heading is not known, or only about, and where a photo shows a part of the circle alone:
// panoramas cropped to a sector, answered as a server answers them.
import {
  type BundleGeometry,
  type BundleManifest,
  bevGeometryOf,
  bevPerViewPx,
  cameraHeightsOf,
  descriptorMapOf,
} from 'skyfix/bundles';
import type { Describer, Look } from 'skyfix/describe';
import { SkyfixError } from 'skyfix/errors';
import {
  type Bev,
  BevTableCache,
  distanceM,
  normalisedDeg,
  projectAveraged,
  type RgbImage,
  turnBetweenDeg,
} from 'skyfix/geometry';
import { estimateHeading, type HeadingRange, looksUnder, placesOfTried } from 'skyfix/headings';
import type { DecodedPanorama } from 'skyfix/imaging';
import { type PlaceHit, type SearchableTiles, searchPlaces } from 'skyfix/places';
import { makeRng, type Rng } from 'skyfix/random';
import type { CrossViewDataset, CrossViewPair } from '../datasets/index.js';
import { spreadEvenly } from '../drawing/index.js';
import {
  type Descriptors,
  type DistanceFigures,
  distanceFigures,
  medianOf,
  type RecallFigures,
  rankGallery,
  recallOf,
} from '../evaluation/index.js';
import { decodeSource, type PreparedArea, panoramaSourceOf } from '../images/index.js';
import type { HeadingTold } from '../report/index.js';
import { searchableGrid } from './evaluate-area.js';
import { onnxEmbed } from './onnx-embed.js';

export interface HeadingCase {
  /** known: what the file says; 45: the truth to within 45 degrees; unknown: nothing. */
  readonly heading: HeadingTold;
  /** Degrees of the circle around the camera's heading that a photo shows, over 0 to 360. */
  readonly fovDeg: number;
}

export interface HeadingFigures {
  /** By the look at the camera's own ground, under the heading that was told or found. */
  readonly paired: RecallFigures;
  /** The first place that a server would answer. */
  readonly grid: DistanceFigures;
  /** Between the heading that was told or found and the true one, degrees. */
  readonly medianHeadingErrorDeg: number;
}

/** A bundle and the tiles of an area, described once for all cases. */
export interface HeadingArea {
  readonly describer: Describer;
  readonly geometry: BundleGeometry;
  readonly dataset: CrossViewDataset;
  readonly area: PreparedArea;
  readonly gallery: Descriptors;
  readonly tiles: SearchableTiles;
}

const ABOUT_DEG = 45;

/** Describes the gallery and the grid of an area. Throws PARAMETER_INVALID where the area has no grid, or no BEV is asked for. */
export async function openHeadingArea(
  describer: Describer,
  manifest: BundleManifest,
  dataset: CrossViewDataset,
  area: PreparedArea,
): Promise<HeadingArea> {
  const { geometry, descriptor, input = 'bev' } = manifest;
  const invalid = (what: string) => new SkyfixError('PARAMETER_INVALID', what);
  if (input !== 'bev')
    throw invalid('The bundle takes raw panoramas: without a BEV no heading is looked for.');
  if (!area.grid)
    throw invalid(`${area.name} has no grid of tiles: that takes a mosaic and a stride over 0.`);
  const embed = onnxEmbed(describer, geometry, descriptor.dimensions);
  const gallery = await embed(area.gallery);
  const cells = await embed(area.grid.images);
  const tiles = searchableGrid(cells, area.grid.centres, geometry.tileSizeM, descriptorMapOf(manifest));
  return { describer, geometry, dataset, area, gallery, tiles };
}

/**
 * A case's figures over places whose true heading and location are known: `places` of them, drawn evenly. The same seed asks
 * with the same headings. Throws DATASET_INVALID where there are none, and what decoding and the networks throw.
 */
export async function evaluateHeadings(
  opened: HeadingArea,
  asked: HeadingCase,
  options: {
    readonly seed: number;
    readonly places?: number;
    readonly onPlace?: (done: number, total: number) => void;
  },
): Promise<HeadingFigures> {
  const { dataset, area, gallery } = opened;
  const pairOf = new Map(dataset.pairs.map((pair) => [pair.id, pair]));
  const known = area.ids.flatMap((id, row): Place[] => {
    const pair = pairOf.get(id);
    return pair?.location && pair.headingDeg !== undefined ? [{ pair, row }] : [];
  });
  if (known.length === 0) {
    const detail = `${area.name}: no place has a true heading and a location.`;
    throw new SkyfixError('DATASET_INVALID', detail);
  }
  const chosen = spreadEvenly(known.length, options.places ?? known.length).flatMap((k) => known[k] ?? []);
  const { dimensions } = gallery;
  const queries = { count: chosen.length, dimensions, data: new Float32Array(chosen.length * dimensions) };
  const errorsM: number[] = [];
  const errorsDeg: number[] = [];
  const tables = new BevTableCache();
  for (const [k, { pair, row }] of chosen.entries()) {
    // Of a place its own: the heading that is told does not depend on which others are asked.
    const found = await answer(opened, pair, asked, makeRng(options.seed, row), tables);
    queries.data.set(found.descriptor, k * dimensions);
    const [place] = found.places;
    errorsM.push(place && pair.location ? distanceM(pair.location, place) : Number.POSITIVE_INFINITY);
    errorsDeg.push(Math.abs(turnBetweenDeg(pair.headingDeg ?? 0, found.headingDeg)));
    options.onPlace?.(k + 1, chosen.length);
  }
  const truth = chosen.map(({ row }) => area.tileOf[row] as number);
  return {
    paired: recallOf(rankGallery(queries, gallery, truth).ranks, gallery.count),
    grid: distanceFigures(errorsM, opened.tiles.catalogue.count),
    medianHeadingErrorDeg: medianOf(errorsDeg),
  };
}

interface Place {
  readonly pair: CrossViewPair;
  /** In the area. */
  readonly row: number;
}

interface Answer {
  readonly headingDeg: number;
  readonly places: readonly PlaceHit[];
  /** Of the look at the camera's own ground. */
  readonly descriptor: Float32Array;
}

/** As locate answers a request: by the heading that is told, or by the one under which the tiles fit best. */
async function answer(
  { describer, geometry, dataset, tiles }: HeadingArea,
  pair: CrossViewPair,
  { heading, fovDeg }: HeadingCase,
  rng: Rng,
  tables: BevTableCache,
): Promise<Answer> {
  const whole = await decodeSource(panoramaSourceOf(dataset, pair), geometry);
  const { image, window, pose } = sectorOf(whole, fovDeg);
  const heightsM = cameraHeightsOf(geometry, pair.cameraHeightM);
  const bevOf = (headingDeg: number, heightM: number): Bev =>
    projectAveraged(
      image,
      window,
      { ...pose, headingDeg },
      bevGeometryOf(geometry, heightM),
      bevPerViewPx(geometry),
      tables,
    );
  const bevsAt = (headingDeg: number) => heightsM.map((heightM) => bevOf(headingDeg, heightM));
  if (heading === 'known') {
    const looks = await looksUnder(describer, () => bevsAt(pose.headingDeg));
    const places = await searchPlaces(tiles, looks, 1);
    return { headingDeg: pose.headingDeg, places, descriptor: descriptorOf(looks) };
  }
  const about = (pair.headingDeg ?? 0) + rng.range(-ABOUT_DEG, ABOUT_DEG);
  const range: HeadingRange =
    heading === '45'
      ? { aroundDeg: normalisedDeg(about), toleranceDeg: ABOUT_DEG }
      : { aroundDeg: rng.range(0, 360), toleranceDeg: 180 };
  const bevAt = (headingDeg: number) => bevOf(headingDeg, pair.cameraHeightM ?? geometry.cameraHeightM);
  const estimated = await estimateHeading({ describer, tiles, bevAt, bevsAt, range, top: 1 });
  const { headingDeg, tried } = estimated;
  const places = placesOfTried(estimated, tiles, 1);
  return { headingDeg, places, descriptor: descriptorOf(tried[0]?.looks ?? []) };
}

/** The look at the camera's own ground is the first. */
function descriptorOf([own]: readonly Look[]): Float32Array {
  if (!own) throw new RangeError('There is no look at the camera.');
  return own.descriptor;
}

/** The columns of a panorama that lie within half of `fovDeg` of its heading; all where it shows less. */
export function sectorOf(panorama: DecodedPanorama, fovDeg: number): DecodedPanorama {
  const { image, window } = panorama;
  // The heading is the middle column of the full sphere.
  const middle = window.fullWidthPx / 2 - window.leftPx;
  const half = (window.fullWidthPx * fovDeg) / 720;
  const first = Math.max(0, Math.round(middle - half));
  const end = Math.min(image.widthPx, Math.round(middle + half));
  if (first === 0 && end === image.widthPx) return panorama;
  const cropped = columnsOf(image, first, Math.max(first + 1, end));
  const { widthPx } = cropped;
  return { ...panorama, image: cropped, window: { ...window, leftPx: window.leftPx + first, widthPx } };
}

function columnsOf({ widthPx, heightPx, data }: RgbImage, first: number, end: number): RgbImage {
  const own = end - first;
  const out = new Uint8Array(own * heightPx * 3);
  for (let row = 0; row < heightPx; row++) {
    const from = (row * widthPx + first) * 3;
    out.set(data.subarray(from, from + own * 3), row * own * 3);
  }
  return { widthPx: own, heightPx, data: out };
}
