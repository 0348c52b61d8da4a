// Writes a bundle folder: bundle.json, the ONNX graphs and, where wanted, the weights as safetensors.
import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  BUNDLE_SCHEMA,
  type BundleGeometry,
  type BundleInput,
  type BundleManifest,
  viewSizePx,
} from 'skyfix/bundles';
import type { Calibration } from 'skyfix/calibration';
import { asDiskError } from 'skyfix/errors';
import {
  type FileChecksum,
  replaceFolder,
  sha256OfBytes,
  temporaryNameFor,
  writeFileAtomic,
} from 'skyfix/files';
import {
  createConvNext,
  createGenerator,
  type GeneratorConfig,
  type NamedArray,
  PROFILES,
  type ProfileName,
} from '../networks/index.js';
import { writeSafetensors } from '../weights/index.js';
import {
  dimensionsOf,
  type EncoderContent,
  encoderGraph,
  encoderWeights,
  mapOf,
  noticeOf,
  seesWholeViews,
} from './encoder-content.js';
import { exportGeneratorOnnx } from './generator-onnx.js';
import { cycleGanNaming, type EncoderNames, namedForTorch } from './weight-names.js';

type Arrays = Readonly<Record<string, NamedArray>>;

export interface BundleContent {
  readonly name: string;
  readonly version: string;
  readonly profile: string;
  /** What the first network was trained on. */
  readonly input?: BundleInput;
  readonly geometry: BundleGeometry;
  readonly encoder: EncoderContent;
  /** Absent: the input goes straight into the encoder. */
  readonly generator?: { readonly params: Arrays; readonly config: GeneratorConfig };
  readonly training?: Readonly<Record<string, unknown>>;
  readonly metrics?: Readonly<Record<string, unknown>>;
  /** Makes probabilities of the scores of the encoder with this checksum (fitCalibration of skyfix/confidence). */
  readonly confidence?: (encoderSha256: string) => Calibration;
  /**
   * Also writes encoder.safetensors, ConvNeXt's with these names, and generator.safetensors, with those of CycleGAN's
   * reference.
   */
  readonly safetensors?: EncoderNames;
  /** Large constants of the graphs are stored as float16. */
  readonly half?: boolean;
  /** ISO 8601; now when absent. */
  readonly createdAt?: string;
}

/** Writes the bundle to `folder` (created, or replaced in one step once complete); returns its manifest. */
export async function writeBundle(folder: string, content: BundleContent): Promise<BundleManifest> {
  const target = resolve(folder);
  const temporary = temporaryNameFor(target);
  const files: Record<string, FileChecksum> = {};
  const write = async (name: string, bytes: Uint8Array) => {
    await writeFileAtomic(join(temporary, name), bytes);
    files[name] = { sha256: sha256OfBytes(bytes), bytes: bytes.byteLength };
  };
  const { encoder, generator, half = false } = content;
  try {
    await mkdir(temporary, { recursive: true });
    if (generator) {
      const config = { ...generator.config, inputSize: viewSizePx(content.geometry) };
      await write('generator.onnx', exportGeneratorOnnx(generator.params, config, half));
    }
    await write('encoder.onnx', encoderGraph(encoder, half));
    const notice = noticeOf(encoder);
    if (notice) await write('NOTICE.txt', Buffer.from(notice));
    if (content.safetensors) {
      if (generator) {
        const arrays = namedForTorch(generator.params, cycleGanNaming(generator.config.blocks));
        await write('generator.safetensors', writeSafetensors(arrays));
      }
      await write('encoder.safetensors', encoderWeights(encoder, content.safetensors));
    }
    const map = mapOf(encoder);
    const confidence = content.confidence?.(files['encoder.onnx']?.sha256 ?? '');
    const manifest: BundleManifest = {
      schema: BUNDLE_SCHEMA,
      name: content.name,
      version: content.version,
      createdAt: content.createdAt ?? new Date().toISOString(),
      profile: content.profile,
      // Said where it is not what every reader takes it for.
      ...(content.input === 'panorama' && { input: content.input }),
      geometry: content.geometry,
      ...(seesWholeViews(encoder, content.geometry) && { looks: 'dense' as const }),
      preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
      descriptor: { dimensions: dimensionsOf(encoder), ...(map && { map }) },
      ...(confidence && { confidence }),
      training: content.training ?? {},
      metrics: content.metrics ?? {},
      files,
    };
    await writeFileAtomic(join(temporary, 'bundle.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    await replaceFolder(temporary, target);
    return manifest;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw asDiskError(error, target);
  }
}

/** A bundle of freshly initialised, untrained networks in a profile's sizes: for benchmarks and as the untrained baseline. */
export async function initBundle(
  profileName: ProfileName,
  folder: string,
  options: { readonly seed?: number; readonly tileSizeM?: number; readonly safetensors?: EncoderNames } = {},
): Promise<BundleManifest> {
  const { seed = 1, tileSizeM = 64, safetensors } = options;
  const profile = PROFILES[profileName];
  const generator = createGenerator(profile.generator, seed);
  const encoder = createConvNext(profile.encoder, seed + 1);
  try {
    const inputSizePx = profile.generator.inputSize;
    return await writeBundle(folder, {
      name: `${profileName}-init`,
      version: `init-${seed}`,
      profile: profileName,
      geometry: { tileSizeM, inputSizePx, bevSizePx: 2 * inputSizePx, cameraHeightM: 1.5 },
      generator: { params: generator.params.toArrays(), config: profile.generator },
      encoder: { params: encoder.params.toArrays(), config: profile.encoder },
      training: { trained: false, seed },
      ...(safetensors && { safetensors }),
    });
  } finally {
    generator.params.dispose();
    encoder.params.dispose();
  }
}
