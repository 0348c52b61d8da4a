// A sequence's answer for programs: one GeoJSON FeatureCollection (RFC 7946), the way first, then a point a frame.
import type { Verdict } from '../confidence/index.js';
import type { LonLat } from '../geometry/index.js';
import type { HeadingAnswer, LocateAnswer } from '../locate/index.js';
import { momentOf } from './times.js';
import { type Frame, trackOf } from './track.js';

/** One panorama of a sequence, and what became of it: an answer, or a code with its message. */
export interface LocatedFrame {
  /** As whoever asked calls it. */
  readonly file?: string | undefined;
  /** From the one before it, where they are known. */
  readonly distanceM?: number | undefined;
  readonly seconds?: number | undefined;
  /** When it was taken (see TIME_PATTERN); goes before what the file says. */
  readonly time?: string | undefined;
  readonly answer?: LocateAnswer | undefined;
  readonly code?: string | undefined;
  readonly message?: string | undefined;
}

export interface WayProperties {
  readonly verdict: Verdict;
  readonly probability: number;
  readonly frames: number;
  readonly travelMinusHeadingDeg?: number;
}

export interface FrameProperties {
  readonly file?: string;
  /** From 1. */
  readonly frame: number;
  readonly status: 'ok' | 'failed';
  readonly code?: string;
  readonly message?: string;
  readonly probability?: number;
  /** Which place of its own answer it is, from 1. */
  readonly rankAlone?: number;
  readonly heading?: HeadingAnswer;
  readonly verdictAlone?: Verdict;
  readonly distanceM?: number;
  readonly seconds?: number;
  /** As given, or as the file says. */
  readonly time?: string;
}

type Position = readonly [lon: number, lat: number];

interface Feature<Geometry, Properties> {
  readonly type: 'Feature';
  readonly geometry: Geometry | null;
  readonly properties: Properties;
}
export type WayFeature = Feature<
  { readonly type: 'LineString'; readonly coordinates: readonly Position[] },
  WayProperties
>;
export type FrameFeature = Feature<
  { readonly type: 'Point'; readonly coordinates: Position },
  FrameProperties
>;

export interface TrackFeatures {
  readonly type: 'FeatureCollection';
  readonly features: readonly [WayFeature, ...FrameFeature[]];
}

/** Places all frames together. Without geometry: a frame that failed or stood at none of its places, a way of one point. */
export function trackFeatures(located: readonly LocatedFrame[]): TrackFeatures {
  const track = trackOf(located.map(frameOf));
  const points = located.map(
    ({ file, answer, code, message, distanceM, seconds, ...frame }, k): FrameFeature => {
      const point = track.points[k];
      const time = frame.time ?? answer?.capturedAt;
      const properties = {
        ...(file !== undefined && { file }),
        frame: k + 1,
        status: answer ? ('ok' as const) : ('failed' as const),
        ...(code !== undefined && { code }),
        ...(message !== undefined && { message }),
        ...(point && { probability: rounded(point.probability, 4), rankAlone: point.candidate + 1 }),
        ...(answer && { heading: answer.heading, verdictAlone: answer.verdict }),
        ...(distanceM !== undefined && { distanceM }),
        ...(seconds !== undefined && { seconds }),
        ...(time !== undefined && { time }),
      };
      const geometry = point ? ({ type: 'Point', coordinates: positionOf(point) } as const) : null;
      return { type: 'Feature', geometry, properties };
    },
  );
  const line = track.points.flatMap((point) => (point ? [positionOf(point)] : []));
  const { verdict, probability, travelMinusHeadingDeg } = track;
  const whole = {
    verdict,
    probability: rounded(probability, 4),
    frames: located.length,
    ...(travelMinusHeadingDeg !== undefined && { travelMinusHeadingDeg }),
  };
  const way = line.length > 1 ? ({ type: 'LineString', coordinates: line } as const) : null;
  return {
    type: 'FeatureCollection',
    features: [{ type: 'Feature', geometry: way, properties: whole }, ...points],
  };
}

/** An estimated heading may be wrong with its place: it ties nothing. */
function frameOf({ answer, distanceM, seconds, time = answer?.capturedAt }: LocatedFrame): Frame {
  const known = answer && answer.heading.source !== 'estimated';
  return {
    candidates: answer?.results ?? [],
    headingDeg: known ? answer.heading.deg : undefined,
    distanceM,
    seconds,
    moment: time === undefined ? undefined : momentOf(time),
  };
}

/** 1 cm on the ground. */
const positionOf = ({ lon, lat }: LonLat): Position => [rounded(lon, 7), rounded(lat, 7)];
const rounded = (value: number, digits: number) => Number(value.toFixed(digits));
