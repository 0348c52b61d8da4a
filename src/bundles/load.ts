// A bundle on disk: read, checked against its schema, every file against its checksum.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { explainSchemaErrors, messageOf, SkyfixError, schemaCheck } from '../errors/index.js';
import { type FileChecksum, sha256OfFile } from '../files/index.js';
import { mapFault } from './descriptor-map.js';
import {
  type BundleInput,
  type BundleManifest,
  type BundleQuantisation,
  NETWORK_FILES,
  type NetworkFile,
  QUANTISED_FILES,
} from './manifest.js';
import { BUNDLE_JSON_SCHEMA, geometryFault } from './schema.js';

export interface Bundle {
  readonly dir: string;
  readonly manifest: BundleManifest;
  /** Absent where the BEV goes straight into the encoder. */
  readonly generatorPath?: string;
  readonly encoderPath: string;
  readonly encoderSha256: string;
  /** The networks in 8 bits, where it has them. */
  readonly quantised?: { readonly encoder?: string; readonly generator?: string };
}

const matchesSchema = schemaCheck<BundleManifest>(BUNDLE_JSON_SCHEMA, { allErrors: true, verbose: true });

/** The manifest in parsed JSON. Throws BUNDLE_CORRUPT naming `path` and every field that is wrong. */
export function checkManifest(json: unknown, path: string): BundleManifest {
  const corrupt = (what: string) => new SkyfixError('BUNDLE_CORRUPT', `${path}: ${what}.`);
  if (!matchesSchema(json)) throw corrupt(explainSchemaErrors(matchesSchema.errors));
  const fault = geometryFault(json.geometry);
  if (fault) throw corrupt(fault);
  return json;
}

export interface LoadOptions {
  /** What the first network may take; "bev" alone where absent, since that is what serving makes of an upload. */
  readonly inputs?: readonly BundleInput[];
}

/**
 * Reads and verifies a bundle folder. Throws BUNDLE_MISSING where there is no bundle.json, BUNDLE_CORRUPT, with the file and
 * both values, where the schema, a size or a checksum does not match, and BUNDLE_INPUT_UNSUPPORTED where the first network
 * takes something else than the caller gives it.
 */
export async function loadBundle(dir: string, { inputs = ['bev'] }: LoadOptions = {}): Promise<Bundle> {
  const manifestPath = join(dir, 'bundle.json');
  let text: string;
  try {
    text = await readFile(manifestPath, 'utf8');
  } catch (error) {
    throw new SkyfixError('BUNDLE_MISSING', `${manifestPath} cannot be read (${messageOf(error)}).`, {
      cause: error,
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new SkyfixError('BUNDLE_CORRUPT', `${manifestPath} is not JSON (${messageOf(error)}).`, {
      cause: error,
    });
  }
  const manifest = checkManifest(json, manifestPath);
  const { input = 'bev' } = manifest;
  if (!inputs.includes(input)) {
    throw new SkyfixError(
      'BUNDLE_INPUT_UNSUPPORTED',
      `${manifestPath}: /input is "${input}", but its networks would be given ${inputs.join(' or ')}.`,
    );
  }
  const fault = mapFault(manifest.descriptor) ?? quantisationFault(manifest);
  if (fault) throw new SkyfixError('BUNDLE_CORRUPT', `${manifestPath}: ${fault}.`);
  for (const [name, expected] of Object.entries(manifest.files)) await verifyFile(join(dir, name), expected);
  return {
    dir,
    manifest,
    ...(manifest.files['generator.onnx'] ? { generatorPath: join(dir, 'generator.onnx') } : {}),
    encoderPath: join(dir, 'encoder.onnx'),
    encoderSha256: manifest.files['encoder.onnx']?.sha256 ?? '',
    ...(manifest.quantisation && { quantised: quantisedPaths(dir, manifest.quantisation) }),
  };
}

function quantisedPaths(dir: string, { networks }: BundleQuantisation): NonNullable<Bundle['quantised']> {
  const pathOf = (file: NetworkFile) => networks[file] && join(dir, QUANTISED_FILES[file]);
  const [encoder, generator] = [pathOf('encoder.onnx'), pathOf('generator.onnx')];
  return { ...(encoder && { encoder }), ...(generator && { generator }) };
}

/** A network in 8 bits must be there, and be made of the one beside it. */
function quantisationFault({ quantisation, files }: BundleManifest): string | undefined {
  for (const file of NETWORK_FILES) {
    const record = quantisation?.networks[file];
    if (!record) continue;
    const [own, name] = [files[file]?.sha256, QUANTISED_FILES[file]];
    if (!files[name]) return `/quantisation names ${file}, but /files has no ${name}`;
    if (record.of !== own) {
      return `/quantisation/networks/${file} was made of the network ${record.of}, ${file} is ${own}: quantise it again`;
    }
  }
  return undefined;
}

async function verifyFile(path: string, expected: FileChecksum): Promise<void> {
  let bytes: number;
  try {
    bytes = (await stat(path)).size;
  } catch (error) {
    throw new SkyfixError('BUNDLE_CORRUPT', `${path} is named in bundle.json but cannot be read.`, {
      cause: error,
    });
  }
  const sha256 = await sha256OfFile(path);
  if (bytes !== expected.bytes || sha256 !== expected.sha256) {
    throw new SkyfixError(
      'BUNDLE_CORRUPT',
      `${path} has ${bytes} bytes and SHA-256 ${sha256}; bundle.json says ${expected.bytes} bytes and ${expected.sha256}.`,
    );
  }
}
