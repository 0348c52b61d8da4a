// A bundle's networks in 8 bits beside those in float32: fitted to pictures, measured on others, written in one step.
import { cp, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import {
  type Bundle,
  type BundleManifest,
  type BundleQuantisation,
  loadBundle,
  type NetworkFile,
  QUANTISED_FILES,
  type QuantisedNetworkRecord,
} from 'skyfix/bundles';
import { asDiskError, SkyfixError } from 'skyfix/errors';
import { makeFolder, replaceFolder, sha256OfBytes, temporaryNameFor, writeFileAtomic } from 'skyfix/files';
import { type QuantiseOptions, quantiseNetwork } from '../quantisation/index.js';
import { heldOutFigures } from './quantisation-figures.js';
import type { QuantisationPictures } from './quantisation-pictures.js';
import { calibrationOf, openScores } from './quantisation-scores.js';

export interface QuantiseBundleOptions extends Omit<QuantiseOptions, 'target'> {
  /** What the mean cosine of held-out looks must reach. */
  readonly cosine: number;
  /** Held-out views that are looked at, at most. */
  readonly views: number;
  /** Folder for generated views. */
  readonly scratch: string;
  /** Default: the bundle's own folder. */
  readonly out?: string | undefined;
  readonly onNote?: ((note: string) => void) | undefined;
}

/** Held-out views lose a little more than those that ranges were fitted to: so much of what is allowed is used up there. */
const SHARE_FOR_CALIBRATION = 0.7;

const NETWORKS: readonly NetworkFile[] = ['generator.onnx', 'encoder.onnx'];

/**
 * Adds networks in 8 bits to a bundle, or makes them anew. Throws NETWORK_INVALID, and leaves everything as it was, where
 * nothing can be quantised or held-out views keep less than `cosine`.
 */
export async function quantiseBundle(
  bundle: Bundle,
  pictures: QuantisationPictures,
  options: QuantiseBundleOptions,
): Promise<BundleQuantisation> {
  const target = resolve(options.out ?? bundle.dir);
  const temporary = temporaryNameFor(target);
  try {
    await makeFolder(dirname(target));
    await cp(bundle.dir, temporary, { recursive: true });
    const made = await quantisedNetworks(bundle, pictures, options);
    const files = withoutQuantised(bundle.manifest.files);
    for (const file of Object.values(QUANTISED_FILES)) await rm(join(temporary, file), { force: true });
    for (const [file, { model }] of made) {
      const name = QUANTISED_FILES[file];
      await writeFileAtomic(join(temporary, name), model);
      files[name] = { sha256: sha256OfBytes(model), bytes: model.byteLength };
    }
    const { calibration, heldOut } = pictures;
    const quantisation = (
      figures: Pick<BundleQuantisation, 'heldOut' | 'retrieval'>,
    ): BundleQuantisation => ({
      createdAt: new Date().toISOString(),
      weightBits: options.weightBits,
      calibration: { pictures: calibration.ground.count + calibration.tiles.count, from: calibration.from },
      networks: Object.fromEntries(made.map(([file, { record }]) => [file, record])),
      ...figures,
    });
    const write = (record: BundleQuantisation) => {
      const manifest: BundleManifest = { ...bundle.manifest, quantisation: record, files };
      return writeFileAtomic(join(temporary, 'bundle.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    };
    // Measured as it is served: loaded and opened like any other.
    const unknown = { views: 1, from: heldOut.from, cosine: { mean: 0, p5: 0, least: 0 } };
    await write(quantisation({ heldOut: unknown }));
    const figures = await heldOutFigures(await loadBundle(temporary), heldOut, options);
    const { mean } = figures.heldOut.cosine;
    if (mean < options.cosine) {
      const what = `${bundle.dir}: held-out views keep a cosine of ${mean.toFixed(4)} on average, less than ${options.cosine}`;
      throw new SkyfixError('NETWORK_INVALID', `${what}: calibrate with more pictures, or ask for less.`);
    }
    const record = quantisation(figures);
    await write(record);
    await replaceFolder(temporary, target);
    return record;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw asDiskError(error, target);
  }
}

function withoutQuantised(files: BundleManifest['files']): Record<string, { sha256: string; bytes: number }> {
  const names = Object.values(QUANTISED_FILES);
  return Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));
}

type Made = readonly [NetworkFile, { readonly model: Uint8Array; readonly record: QuantisedNetworkRecord }];

/** Each network on its own; one that cannot be quantised stays in float, unless it is the only one. */
async function quantisedNetworks(
  { manifest, encoderPath, generatorPath }: Bundle,
  pictures: QuantisationPictures,
  options: QuantiseBundleOptions,
): Promise<readonly Made[]> {
  const bytesOf = {
    'encoder.onnx': await readFile(encoderPath),
    'generator.onnx': generatorPath === undefined ? undefined : await readFile(generatorPath),
  };
  const scores = await openScores(bytesOf, manifest, pictures.calibration, options.threads);
  const allowed = SHARE_FOR_CALIBRATION * (1 - options.cosine);
  const target = 1 - allowed / (generatorPath ? 2 : 1);
  const made: Made[] = [];
  let failure: unknown;
  try {
    for (const file of NETWORKS) {
      const bytes = bytesOf[file];
      if (!bytes) continue;
      try {
        const given = await calibrationOf(file, scores, pictures.calibration, manifest);
        const onProgress = (what: string, done: number, total: number) =>
          options.onProgress?.(`${file} ${what}`, done, total);
        const { model, quantised, inFloat, method } = await quantiseNetwork(
          file,
          bytes,
          given,
          scores.of(file),
          {
            ...options,
            target,
            onProgress,
          },
        );
        const record = { of: sha256OfBytes(bytes), ranges: method, layers: quantised.length, inFloat };
        made.push([file, { model, record }]);
      } catch (error) {
        if (!(error instanceof SkyfixError) || error.code !== 'NETWORK_INVALID') throw error;
        failure ??= error;
        options.onNote?.(`${file} stays in float: ${error.detail}`);
      }
    }
  } finally {
    await scores.close();
  }
  if (made.length === 0) throw failure;
  return made;
}
