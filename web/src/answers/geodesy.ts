// Shapes on the ground around a place, within metres of WGS 84 over the few kilometres that a map shows.

export interface LonLat {
  readonly lon: number;
  readonly lat: number;
}
export type Position = readonly [lon: number, lat: number];

const EQUATOR_M = 6_378_137;
const ECCENTRICITY_2 = 0.00669437999014;
const RAD = Math.PI / 180;
const CIRCLE_STEPS = 72;

/** Metres of one degree east and north at a latitude: the ellipsoid's two radii of curvature there. */
export function metresPerDegree(lat: number): { readonly east: number; readonly north: number } {
  const w2 = 1 - ECCENTRICITY_2 * Math.sin(lat * RAD) ** 2;
  const north = (RAD * EQUATOR_M * (1 - ECCENTRICITY_2)) / w2 ** 1.5;
  return { east: (RAD * EQUATOR_M * Math.cos(lat * RAD)) / Math.sqrt(w2), north };
}

/** The place so many metres east and north. */
export function offsetBy({ lon, lat }: LonLat, eastM: number, northM: number): Position {
  const { east, north } = metresPerDegree(lat);
  return [lon + eastM / Math.max(east, 1), lat + northM / north];
}

/** Metres between two places that lie close together. */
export function distanceM(a: LonLat, b: LonLat): number {
  const { east, north } = metresPerDegree((a.lat + b.lat) / 2);
  const turns = Math.round((b.lon - a.lon) / 360);
  return Math.hypot((b.lon - a.lon - 360 * turns) * east, (b.lat - a.lat) * north);
}

/** A closed ring. */
export function circle(centre: LonLat, radiusM: number): Position[] {
  return Array.from({ length: CIRCLE_STEPS + 1 }, (_, k) => {
    const angle = ((k % CIRCLE_STEPS) / CIRCLE_STEPS) * 2 * Math.PI;
    return offsetBy(centre, radiusM * Math.sin(angle), radiusM * Math.cos(angle));
  });
}

/** A closed ring: the sector seen from a place towards a heading (degrees clockwise from north). */
export function wedge(centre: LonLat, headingDeg: number, widthDeg: number, radiusM: number): Position[] {
  const steps = 16;
  const arc = Array.from({ length: steps + 1 }, (_, k) => {
    const angle = (headingDeg - widthDeg / 2 + (widthDeg * k) / steps) * RAD;
    return offsetBy(centre, radiusM * Math.sin(angle), radiusM * Math.cos(angle));
  });
  const tip: Position = [centre.lon, centre.lat];
  return [tip, ...arc, tip];
}

export type Corners = readonly [Position, Position, Position, Position];

/** Of a north-up square around a place, turned clockwise: top left, top right, bottom right, bottom left. */
export function squareCorners(centre: LonLat, sideM: number, turnDeg = 0): Corners {
  const half = sideM / 2;
  const [cos, sin] = [Math.cos(turnDeg * RAD), Math.sin(turnDeg * RAD)];
  const corner = (east: number, north: number) =>
    offsetBy(centre, east * cos + north * sin, north * cos - east * sin);
  return [corner(-half, half), corner(half, half), corner(half, -half), corner(-half, -half)];
}

/** 0 up to 360. */
export function normalDeg(deg: number): number {
  return ((deg % 360) + 360) % 360;
}

/** From one direction to another, -180 up to 180. */
export function turnBetween(fromDeg: number, toDeg: number): number {
  return normalDeg(toDeg - fromDeg + 180) - 180;
}
