// What POST /locate takes beside the image, as one JSON schema; openapi.yaml says the same and a test holds them equal.
import { schemaCheck } from '../../errors/index.js';
import { PROJECTION_MODES, type ProjectionMode } from '../../imaging/index.js';
import type { HeadingMode } from '../../locate/index.js';

const angle = (limit: number) => ({ type: 'number', minimum: -limit, maximum: limit }) as const;

const DEGREES = '-?[0-9]{1,3}(\\.[0-9]{1,15})?';

export const LOCATE_PROPERTIES = {
  top: { type: 'integer', minimum: 1, maximum: 50, default: 5 },
  headingDeg: angle(360),
  heading: { type: 'string', enum: ['auto', 'unknown'], default: 'auto' },
  headingToleranceDeg: { type: 'number', minimum: 1, maximum: 180 },
  pitchDeg: angle(90),
  rollDeg: angle(180),
  cameraHeightM: { type: 'number', minimum: 0.1, maximum: 100 },
  verticalFovDeg: { type: 'number', minimum: 1, maximum: 180 },
  /** May lie outside of the image; whether it goes with the rows' angle is checked where that is known. */
  horizonShare: angle(90),
  horizontalFovDeg: { type: 'number', minimum: 1, maximum: 360 },
  projection: { type: 'string', enum: PROJECTION_MODES, default: 'auto' },
  region: { type: 'string', pattern: '^[a-z0-9-]{1,64}$' },
  lon: angle(180),
  lat: angle(90),
  radiusM: { type: 'number', minimum: 1, maximum: 1_000_000 },
  /** west,south,east,north; the numbers' ranges are checked after it is split. */
  bbox: { type: 'string', pattern: `^${DEGREES},${DEGREES},${DEGREES},${DEGREES}$` },
  distinct: { type: 'boolean', default: true },
  /** Names with commas in between; which there are is checked after it is split. */
  include: { type: 'string' },
} as const;

export type LocateField = keyof typeof LOCATE_PROPERTIES;

/** The checked parameters, before they become LocateOptions. */
export interface LocateParameters {
  readonly top: number;
  readonly headingDeg?: number;
  readonly heading: HeadingMode;
  readonly headingToleranceDeg?: number;
  readonly pitchDeg?: number;
  readonly rollDeg?: number;
  readonly cameraHeightM?: number;
  readonly verticalFovDeg?: number;
  readonly horizonShare?: number;
  readonly horizontalFovDeg?: number;
  readonly projection: ProjectionMode;
  readonly region?: string;
  readonly lon?: number;
  readonly lat?: number;
  readonly radiusM?: number;
  readonly bbox?: string;
  readonly distinct: boolean;
  readonly include?: string;
}

export const validateLocate = schemaCheck<LocateParameters>(
  {
    type: 'object',
    additionalProperties: false,
    properties: LOCATE_PROPERTIES,
  },
  { useDefaults: true },
);
