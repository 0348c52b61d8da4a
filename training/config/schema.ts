// JSON schema of a run's configuration, after its preset is filled in; the types are in run-config.ts.
import { FIELD_OF_VIEW_SCHEMA } from 'skyfix/bundles';
import { SPLITS } from '../common/index.js';
import { FORMATS, VIGOR_AREAS } from '../datasets/index.js';
import { CONVNEXT_SIZES } from '../networks/index.js';
import { TOWN_GAPS } from '../town/index.js';
import { RUN_SCHEMA } from './run-config.js';

const text = { type: 'string', minLength: 1 } as const;
const positive = { type: 'number', exclusiveMinimum: 0 } as const;
const nonNegative = { type: 'number', minimum: 0 } as const;
const share = { type: 'number', minimum: 0, maximum: 1 } as const;
const count = { type: 'integer', minimum: 1 } as const;
const whole = { type: 'integer', minimum: 0 } as const;
const yes = { type: 'boolean' } as const;
const seed = { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 } as const;
const oneOf = (values: readonly string[]) => ({ enum: [...values] });

/** An object without unknown fields; fields with a leading "?" may be missing. */
function object(properties: Readonly<Record<string, unknown>>) {
  const entries = Object.entries(properties);
  return {
    type: 'object',
    additionalProperties: false,
    required: entries.flatMap(([name]) => (name.startsWith('?') ? [] : [name])),
    properties: Object.fromEntries(entries.map(([name, schema]) => [name.replace(/^\?/, ''), schema])),
  };
}

const imageryFields = {
  '?zoom': { type: 'integer', minimum: 0, maximum: 30 },
  '?tms': yes,
  '?proj4': text,
} as const;
const source = object({
  format: oneOf(FORMATS),
  root: text,
  '?area': oneOf(VIGOR_AREAS),
  '?imagery': text,
  ...imageryFields,
  '?splitSeed': seed,
  '?unlabelledStrideM': positive,
  '?dropInvalid': yes,
  '?fieldOfView': FIELD_OF_VIEW_SCHEMA,
  '?make': object({
    seed,
    places: { type: 'integer', minimum: 4, maximum: 5000 },
    '?panoramaWidthPx': { type: 'integer', minimum: 256, maximum: 4096 },
    ...Object.fromEntries(TOWN_GAPS.map((name) => [`?${name}`, yes])),
  }),
});
const flip = oneOf(['horizontal', 'dihedral', 'none']);

export const RUN_CONFIG_SCHEMA = object({
  schema: { const: RUN_SCHEMA },
  name: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$' },
  group: text,
  seed,
  data: object({
    source,
    encoderOnly: { type: 'array', items: source },
    nearM: object({ low: nonNegative, high: positive }),
    '?samePlaceM': nonNegative,
    cacheDir: text,
  }),
  geometry: object({
    tileSizeM: positive,
    inputSizePx: { type: 'integer', minimum: 32, multipleOf: 4 },
    bevSizePx: count,
    cameraHeightM: positive,
    '?searchMarginPx': { type: 'integer', minimum: 0, multipleOf: 2 },
    '?searchStepPx': count,
    '?fieldOfView': FIELD_OF_VIEW_SCHEMA,
  }),
  tileMarginM: nonNegative,
  '?shiftM': nonNegative,
  networks: object({
    generator: object({ baseFilters: count, blocks: count, '?learnResidual': yes, '?weights': text }),
    discriminator: object({ filters: count }),
    contrast: object({ projection: count }),
    encoder: object({
      size: oneOf(Object.keys(CONVNEXT_SIZES)),
      layerScale: positive,
      dropPath: { type: 'number', minimum: 0, exclusiveMaximum: 1 },
      '?weights': text,
    }),
  }),
  queries: oneOf(['views', 'bev', 'panorama']),
  labels: object({ fraction: { type: 'number', exclusiveMinimum: 0, maximum: 1 } }),
  stage1: object({
    input: oneOf(['bev', 'panorama']),
    pairs: oneOf(['labelled', 'all']),
    '?steps': count,
    '?epochs': count,
    batch: count,
    learningRate: positive,
    lambdaCycle: nonNegative,
    lambdaContrast: nonNegative,
    lambdaIdentity: nonNegative,
    lambdaPaired: nonNegative,
    pairedWarmupSteps: whole,
    pairedWarmupRate: positive,
    contrast: object({
      positive: oneOf(['paired', 'input']),
      layers: { type: 'array', items: { type: 'integer', minimum: 0, maximum: 2 }, uniqueItems: true },
      temperature: positive,
      positions: count,
    }),
    historyPool: whole,
    flip,
  }),
  stage3: object({
    '?steps': count,
    '?epochs': count,
    batch: { type: 'integer', minimum: 2 },
    learningRate: positive,
    weightDecay: nonNegative,
    warmupSteps: whole,
    clipNorm: positive,
    infoNce: object({
      weight: nonNegative,
      scale: { anyOf: [positive, { const: 'learnable' }] },
      labelSmoothing: { type: 'number', minimum: 0, exclusiveMaximum: 1 },
    }),
    triplet: object({
      weight: nonNegative,
      fromShare: share,
      weights: oneOf(['dynamic', 'none']),
      margin: nonNegative,
      weightTemperature: positive,
    }),
    sampling: object({
      negatives: oneOf(['near', 'mined', 'none']),
      groupSize: count,
      minedFromShare: share,
    }),
    emaDecay: { type: 'number', minimum: 0, exclusiveMaximum: 1 },
    augment: object({
      flip,
      turnDeg: { type: 'number', minimum: 0, maximum: 180 },
      offsetPx: whole,
      jitter: object({ brightness: share, contrast: share, saturation: share, hue: share }),
    }),
    validateEvery: whole,
  }),
  selfTraining: object({
    strategy: oneOf(['none', 'dynamic', 'fixed', 'margin', 'ucvgl']),
    warmupShare: share,
    every: count,
    sample: count,
    candidates: oneOf(['views', 'all']),
    '?mix': oneOf(['half', 'proportional']),
    unique: yes,
    bins: count,
    cap: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    lambda0: share,
    gamma: { type: 'number', exclusiveMinimum: 0, maximum: 1 },
    decayShare: positive,
    '?threshold': share,
  }),
  evaluation: object({
    areas: {
      type: 'array',
      minItems: 1,
      items: object({
        name: text,
        '?source': source,
        splits: { type: 'array', items: oneOf(SPLITS), minItems: 1, uniqueItems: true },
      }),
    },
    gridStrideM: nonNegative,
    robustness: yes,
    sheets: yes,
  }),
  runtime: object({
    device: oneOf(['cpu', 'cuda']),
    threads: count,
    math: oneOf(['float32', 'bf16']),
    loaderThreads: count,
  }),
  checkpointEvery: count,
  bundle: object({ name: text, version: text, safetensors: yes }),
  '?publish': object({
    dataDir: text,
    region: { type: 'string', pattern: '^[a-z0-9][a-z0-9-]*$' },
    imagery: text,
    ...imageryFields,
    '?area': text,
    strideM: positive,
  }),
});
