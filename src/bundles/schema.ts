// JSON schema of bundle.json; the types are in manifest.ts.
import { CALIBRATION_JSON_SCHEMA } from '../calibration/index.js';
import { fieldOfViewFault } from '../geometry/index.js';
import {
  BUNDLE_INPUTS,
  BUNDLE_LOOKS,
  BUNDLE_SCHEMA,
  type BundleGeometry,
  NETWORK_FILES,
} from './manifest.js';

/** A field of view in bundle.json and in a run's configuration; what goes together is fieldOfViewFault's. */
export const FIELD_OF_VIEW_SCHEMA = {
  type: 'object',
  required: ['verticalDeg'],
  properties: {
    horizontalDeg: { type: 'number', exclusiveMinimum: 0, maximum: 360 },
    verticalDeg: { type: 'number', exclusiveMinimum: 0, maximum: 180 },
    horizonShare: { type: 'number' },
  },
  additionalProperties: false,
} as const;

const text = { type: 'string', minLength: 1 } as const;
const positive = { type: 'number', exclusiveMinimum: 0 } as const;
const count = { type: 'integer', minimum: 1 } as const;
const sha256 = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const;
const checksum = {
  type: 'object',
  required: ['sha256', 'bytes'],
  properties: {
    sha256,
    bytes: { type: 'integer', minimum: 0 },
  },
} as const;

const cosine = { type: 'number', minimum: -1, maximum: 1.001 } as const;
const percents = {
  type: 'object',
  required: ['f32', 'int8'],
  properties: { f32: { type: 'number' }, int8: { type: 'number' } },
} as const;
const quantisedNetwork = {
  type: 'object',
  required: ['of', 'ranges', 'layers', 'inFloat'],
  properties: {
    of: sha256,
    ranges: { anyOf: [{ type: 'number', exclusiveMinimum: 0, maximum: 100 }, { const: 'entropy' }] },
    layers: { type: 'integer', minimum: 0 },
    inFloat: { type: 'array', items: { type: 'string' } },
  },
} as const;

const QUANTISATION_JSON_SCHEMA = {
  type: 'object',
  required: ['createdAt', 'weightBits', 'calibration', 'networks', 'heldOut'],
  properties: {
    createdAt: text,
    weightBits: { enum: [7, 8] },
    calibration: {
      type: 'object',
      required: ['pictures', 'from'],
      properties: { pictures: count, from: text },
    },
    networks: {
      type: 'object',
      minProperties: 1,
      properties: { 'encoder.onnx': quantisedNetwork, 'generator.onnx': quantisedNetwork },
      additionalProperties: false,
    },
    heldOut: {
      type: 'object',
      required: ['views', 'from', 'cosine'],
      properties: {
        views: count,
        from: text,
        cosine: {
          type: 'object',
          required: ['mean', 'p5', 'least'],
          properties: { mean: cosine, p5: cosine, least: cosine },
        },
      },
    },
    retrieval: {
      type: 'object',
      required: ['queries', 'gallery', 'at1'],
      properties: { queries: count, gallery: count, at1: percents, within25M: percents },
    },
  },
} as const;

export const BUNDLE_JSON_SCHEMA = {
  type: 'object',
  required: [
    'schema',
    'name',
    'version',
    'createdAt',
    'profile',
    'geometry',
    'preprocessing',
    'descriptor',
    'training',
    'metrics',
    'files',
  ],
  properties: {
    schema: { const: BUNDLE_SCHEMA },
    name: text,
    version: text,
    createdAt: text,
    profile: text,
    input: { enum: BUNDLE_INPUTS },
    geometry: {
      type: 'object',
      required: ['tileSizeM', 'inputSizePx', 'bevSizePx', 'cameraHeightM'],
      properties: {
        tileSizeM: positive,
        inputSizePx: count,
        bevSizePx: count,
        cameraHeightM: positive,
        cameraHeightsM: { type: 'array', items: positive, minItems: 1, maxItems: 8, uniqueItems: true },
        searchMarginPx: { type: 'integer', minimum: 0 },
        searchStepPx: count,
        fieldOfView: FIELD_OF_VIEW_SCHEMA,
      },
    },
    looks: { enum: BUNDLE_LOOKS },
    preprocessing: {
      type: 'object',
      required: ['generatorRange', 'encoderRange', 'invalidPixel'],
      properties: {
        generatorRange: { const: [-1, 1] },
        encoderRange: { const: [0, 1] },
        invalidPixel: { const: -1 },
      },
    },
    oneAtATime: { type: 'array', items: { enum: NETWORK_FILES }, uniqueItems: true },
    descriptor: {
      type: 'object',
      required: ['dimensions'],
      properties: {
        dimensions: count,
        map: {
          type: 'object',
          required: ['side', 'weights'],
          properties: {
            side: { type: 'integer', minimum: 1, maximum: 64 },
            weights: { type: 'array', items: positive, minItems: 1, maxItems: 4096 },
          },
        },
      },
    },
    quantisation: QUANTISATION_JSON_SCHEMA,
    confidence: CALIBRATION_JSON_SCHEMA,
    training: { type: 'object' },
    metrics: { type: 'object' },
    files: {
      type: 'object',
      required: ['encoder.onnx'],
      // No folders: a manifest never names a file outside its own.
      propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' },
      additionalProperties: checksum,
    },
  },
} as const;

/** What the schema cannot say: the sizes and angles that do not go together, or undefined. */
export function geometryFault(geometry: BundleGeometry): string | undefined {
  const { bevSizePx, inputSizePx, searchMarginPx = 0, searchStepPx, fieldOfView } = geometry;
  const fault = fieldOfView && fieldOfViewFault(fieldOfView);
  if (fault) return `/geometry/fieldOfView/${fault}`;
  if (bevSizePx % inputSizePx !== 0) {
    return `/geometry/bevSizePx is ${bevSizePx}, not a multiple of inputSizePx ${inputSizePx}`;
  }
  if (searchStepPx === undefined || searchMarginPx % searchStepPx === 0) return undefined;
  return `/geometry/searchStepPx is ${searchStepPx}, which does not divide searchMarginPx ${searchMarginPx}`;
}
