// Everything that the map shows of a moment, as data.
import type { Feature, FeatureCollection, LineString, Point, Polygon } from 'geojson';
import {
  type Corners,
  circle,
  type LonLat,
  type Position,
  squareCorners,
  turnBetween,
  wedge,
} from '../answers/geodesy.js';
import type { Place, Region } from '../api/types.js';

export interface Scene {
  readonly region: Region | undefined;
  readonly places: readonly Place[];
  /** Index into places. */
  readonly chosen: number;
  /** Where the centre of the photo looks, as the draft says; undefined while it is to be estimated. */
  readonly headingDeg: number | undefined;
  readonly look: { readonly yawDeg: number; readonly fovDeg: number } | undefined;
  readonly prior: (LonLat & { readonly radiusM: number }) | undefined;
  readonly overlay: Overlay | undefined;
  readonly track: DrawnTrack | undefined;
}

/** A way with its points, those that have a position. */
export interface DrawnTrack {
  readonly points: readonly TrackPointOnMap[];
}

export interface TrackPointOnMap extends LonLat {
  /** Number of its panorama, from 0. */
  readonly index: number;
  readonly probability: number;
  readonly chosen: boolean;
}

export interface Overlay {
  readonly url: string;
  readonly groundM: number;
  /** Under which it was made. */
  readonly headingDeg: number;
  readonly opacity: number;
}

/** Metres that the wedge reaches. */
export const WEDGE_M = 22;

const polygon = (kind: string, ring: readonly Position[]) => ({
  type: 'Feature' as const,
  properties: { kind },
  geometry: { type: 'Polygon' as const, coordinates: [ring.map(([lon, lat]) => [lon, lat])] },
});

/** Region, prior, circles of the chosen place, where the view looks, the track: each with its kind. */
export function shapesOf({
  region,
  places,
  chosen,
  headingDeg,
  look,
  prior,
  track,
}: Scene): FeatureCollection<Shape> {
  const features: Feature<Shape>[] = [];
  if (region?.outline) {
    for (const [ring] of region.outline) if (ring) features.push(polygon('region', ring));
  } else if (region) {
    const [west, south, east, north] = region.bounds;
    const [sw, se, ne, nw]: Position[] = [
      [west, south],
      [east, south],
      [east, north],
      [west, north],
    ];
    if (sw && se && ne && nw) features.push(polygon('region', [sw, se, ne, nw, sw]));
  }
  if (prior) features.push(polygon('prior', circle(prior, prior.radiusM)));
  const place = places[chosen];
  if (place?.radiusM) {
    features.push(
      polygon('p95', circle(place, place.radiusM.p95)),
      polygon('p68', circle(place, place.radiusM.p68)),
    );
  }
  if (place && headingDeg !== undefined) {
    const { yawDeg, fovDeg } = look ?? { yawDeg: 0, fovDeg: 60 };
    features.push(polygon('look', wedge(place, headingDeg + yawDeg, Math.min(150, fovDeg), WEDGE_M)));
  }
  if (track) features.push(...trackShapes(track));
  return { type: 'FeatureCollection', features };
}

type Shape = Polygon | LineString | Point;

function trackShapes({ points }: DrawnTrack): Feature<Shape>[] {
  const line = points.map(({ lon, lat }) => [lon, lat]);
  const way: Feature<Shape> = {
    type: 'Feature',
    properties: { kind: 'track' },
    geometry: { type: 'LineString', coordinates: line },
  };
  const spots = points.map(({ lon, lat, index, probability, chosen }): Feature<Shape> => {
    const properties = { kind: 'track-point', index, probability, chosen };
    return { type: 'Feature', properties, geometry: { type: 'Point', coordinates: [lon, lat] } };
  });
  return points.length > 1 ? [way, ...spots] : spots;
}

/** The BEV turns with the heading that is dragged. */
export function overlayCorners({ places, chosen, headingDeg, overlay }: Scene): Corners | undefined {
  const place = places[chosen];
  if (!place || !overlay) return undefined;
  const turn = headingDeg === undefined ? 0 : turnBetween(overlay.headingDeg, headingDeg);
  return squareCorners(place, overlay.groundM, turn);
}

/** Around the place that is looked at, metres: its circle, where that is between these. */
const CLOSE_M: readonly [number, number] = [70, 150];

/**
 * west, south, east, north: of the place that is looked at ("chosen"), of the track, or of everything that is answered ("all");
 * the region's without an answer.
 */
export function boundsOf(
  { places, chosen, prior, region, track }: Scene,
  what: 'chosen' | 'all' | 'track',
): [number, number, number, number] | undefined {
  const onTrack =
    what === 'chosen' ? [] : (track?.points ?? []).map((point) => circle(point, CLOSE_M[0] / 2));
  const shown = what === 'all' ? places : what === 'track' ? [] : places.slice(chosen, chosen + 1);
  const rings = [
    ...shown.map((place) =>
      circle(place, Math.max(CLOSE_M[0], Math.min(CLOSE_M[1], place.radiusM?.p95 ?? 0))),
    ),
    ...(prior && what === 'all' ? [circle(prior, prior.radiusM)] : []),
    ...onTrack,
  ].flat();
  if (rings.length === 0) return region ? [...region.bounds] : undefined;
  const [lons, lats] = [rings.map(([lon]) => lon), rings.map(([, lat]) => lat)];
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}
