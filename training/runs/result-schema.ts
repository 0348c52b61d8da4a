// The JSON schema of a run's result.json (skyfix-run-result/1).
const number = { type: 'number' } as const;
const text = { type: 'string', minLength: 1 } as const;
const count = { type: 'integer', minimum: 0 } as const;
const percent = { type: 'number', minimum: 0, maximum: 100 } as const;
const orNull = { type: ['number', 'null'] } as const;

/** An object with these fields; those not named in `optional` are required, further ones are passed over. */
function object(properties: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', properties, required };
}

const recall = { at1: percent, at5: percent, at10: percent, at1Percent: percent };
const quality = object({ psnrDb: number, ssim: { type: 'number', minimum: -1, maximum: 1 }, rmse: number });
const network = object({ parameters: count, flops: { type: 'number', minimum: 0 } });

const config = object(
  {
    queries: { enum: ['views', 'bev', 'panorama'] },
    stage1: object(
      {
        enabled: { type: 'boolean' },
        pairs: { enum: ['labelled', 'all'] },
        lambdaContrast: number,
        lambdaCycle: number,
        source: { enum: ['bev', 'panorama'] },
        residual: { type: 'boolean' },
      },
      ['pairs', 'lambdaContrast', 'lambdaCycle', 'source', 'residual'],
    ),
    labels: object({ fraction: { type: 'number', exclusiveMinimum: 0, maximum: 1 } }),
    selfTraining: object({ strategy: text, enabled: { type: 'boolean' } }, ['strategy', 'enabled']),
    stage3: { type: 'object' },
  },
  ['selfTraining', 'stage3'],
);

const distance = object({
  queries: count,
  gallery: count,
  medianErrorM: { type: 'number', minimum: 0 },
  within5M: percent,
  within25M: percent,
  within50M: percent,
});

const retrieval = object(
  {
    area: text,
    model: { enum: ['trained', 'untrained'] },
    paired: object({ queries: count, gallery: count, ...recall }),
    chance: object(recall),
    pairedDistance: distance,
    grid: distance,
    hitCurve: { type: 'array', items: percent, minItems: 7, maxItems: 7 },
    byDistrict: { type: 'object', additionalProperties: object({ queries: count, at1: percent }) },
    confusion: object({
      districts: { type: 'array', items: text },
      counts: { type: 'array', items: { type: 'array', items: count } },
    }),
  },
  ['pairedDistance', 'grid', 'byDistrict', 'confusion'],
);

const update = object(
  {
    iteration: count,
    threshold: orNull,
    lambda: orNull,
    candidates: count,
    selected: count,
    correct: orNull,
    precision: orNull,
  },
  ['threshold', 'lambda'],
);

export const RUN_RESULT_SCHEMA = object(
  {
    schema: { const: 'skyfix-run-result/1' },
    run: text,
    seed: { type: 'integer' },
    group: text,
    dataset: text,
    config,
    retrieval: { type: 'array', items: retrieval },
    robustness: { type: 'array', items: object({ change: text, at1: percent }) },
    generation: object({ view: quality, bev: quality, panorama: quality, meanTile: quality }, [
      'view',
      'bev',
      'panorama',
      'meanTile',
    ]),
    cost: object(
      {
        generator: network,
        encoder: network,
        queryMs: { type: 'number', minimum: 0 },
        trainSeconds: { type: 'object', additionalProperties: number },
      },
      ['generator', 'encoder', 'queryMs', 'trainSeconds'],
    ),
    selfTraining: { type: 'array', items: update },
  },
  ['robustness', 'generation', 'cost', 'selfTraining'],
);
