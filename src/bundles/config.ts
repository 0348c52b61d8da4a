// What a person writes to make a bundle out of networks trained elsewhere: a bundle.json without its files.
import { explainSchemaErrors, SkyfixError, schemaCheck } from '../errors/index.js';
import type { BundleManifest } from './manifest.js';
import { BUNDLE_JSON_SCHEMA, geometryFault } from './schema.js';

type Optional = 'createdAt' | 'profile' | 'training' | 'metrics';

/** A manifest without `files`; what is not known of networks from elsewhere may be left out. */
export type BundleConfig = Omit<BundleManifest, 'files' | 'oneAtATime' | Optional> &
  Partial<Pick<BundleManifest, Optional>>;

const { files, oneAtATime, ...properties } = BUNDLE_JSON_SCHEMA.properties;
const optional: readonly string[] = ['files', 'createdAt', 'profile', 'training', 'metrics'];

const matchesSchema = schemaCheck<BundleConfig>(
  {
    type: 'object',
    required: BUNDLE_JSON_SCHEMA.required.filter((name) => !optional.includes(name)),
    properties,
    // A misspelt optional field would be lost without a word.
    additionalProperties: false,
  },
  { allErrors: true, verbose: true },
);

/** The configuration in parsed JSON. Throws BUNDLE_CONFIG_INVALID naming `path`, and each wrong field with its value. */
export function checkBundleConfig(json: unknown, path: string): BundleConfig {
  const invalid = (what: string) => new SkyfixError('BUNDLE_CONFIG_INVALID', `${path}: ${what}.`);
  if (!matchesSchema(json)) throw invalid(explainSchemaErrors(matchesSchema.errors));
  const fault = geometryFault(json.geometry);
  if (fault) throw invalid(fault);
  return json;
}
