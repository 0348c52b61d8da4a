// The encoder that a configuration describes, as every run starts from it: ConvNeXt as published, or a trunk with a head.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';
import { writeFileAtomic } from 'skyfix/files';
import { makeRng } from 'skyfix/random';
import type { RunConfig } from '../config/index.js';
import { spreadEvenly } from '../drawing/index.js';
import {
  type GridWeights,
  loadPretrainedEncoder,
  ownLayout,
  readGridWeights,
  readTrunk,
} from '../export/index.js';
import {
  type ConvNext,
  createConvNext,
  createGridEncoder,
  featureChannels,
  GRID_STRIDE_PX,
  type GridEncoder,
  type GridHead,
  headFromArrays,
  headSizes,
  headToArrays,
  identityConvolution,
  type NamedArray,
  normalNumbers,
  plainHead,
  type TrunkKind,
  trunkDesign,
} from '../networks/index.js';
import { type FitStatistics, featureStatistics, statisticsFromArrays } from '../stages/index.js';
import type { ImageStore } from '../stores/index.js';
import { readSafetensors, writeSafetensors } from '../weights/index.js';
import { bytesOf, profileOf } from './networks-of.js';
import type { RunContext } from './run-context.js';

/** The encoders that runs train. */
export type RunEncoder = ConvNext | GridEncoder;

/** Blocks whose features are used where a configuration names none: one of stride 16 and one of stride 32. */
export const DEFAULT_BLOCKS = { 'efficientnet-lite0': [6, 11], 'efficientnet-lite2': [8, 15] } as const;

/** What the head of a run started from, in its folder: its standardisation follows from the data. */
export const HEAD_FILE = 'head.safetensors';

/** Images of each kind that a new head's channels are standardised over. */
const STANDARDISED_OVER = 256;

/** Streams of the run's seed. */
const PROJECTION_STREAM = 60_000_000;

/** The trunk and its blocks; undefined where the encoder is ConvNeXt as published. */
export function gridOf(
  config: RunConfig,
): { readonly trunk: TrunkKind; readonly blocks: readonly number[] } | undefined {
  const { trunk = 'convnext', upTo, pooling = 'mean', projection } = config.networks.encoder;
  if (trunk !== 'convnext') return { trunk, blocks: upTo ?? DEFAULT_BLOCKS[trunk] };
  if (!upTo && pooling === 'mean' && projection === undefined) return undefined;
  const sizes = profileOf(config).encoder;
  return { trunk: sizes, blocks: upTo ?? [trunkDesign(sizes).blocks.length - 1] };
}

/**
 * A fresh encoder, or one with the weights that the configuration names: the start of every run. `head`: of a trunk with a
 * head, what the head starts from (see startingHead), where its weights have none. Throws WEIGHTS_INVALID.
 */
export async function freshEncoder(config: RunConfig, head?: GridHead): Promise<RunEncoder> {
  const grid = gridOf(config);
  const { weights, frozen } = config.networks.encoder;
  if (!grid) {
    const encoder = createConvNext(profileOf(config).encoder, config.seed);
    if (weights) loadPretrainedEncoder(encoder.params, await bytesOf(weights), weights);
    return encoder;
  }
  const loaded = await weightsOf(config, grid.trunk, grid.blocks);
  return createGridEncoder({
    ...grid,
    ...(loaded && { params: loaded.params }),
    head: loaded?.head ?? head ?? newHead(config, grid.trunk, grid.blocks),
    seed: config.seed,
    tunesTrunk: !(frozen ?? typeof grid.trunk === 'string'),
  });
}

/**
 * An encoder whose head was fitted, in the place of any that its weights have; and the fit of those weights, where they have
 * one. Throws WEIGHTS_INVALID.
 */
export async function openTrunkOf(config: RunConfig): Promise<{
  readonly withHead: (head: GridHead) => GridEncoder;
  readonly earlier: { readonly head: GridHead; readonly statistics: FitStatistics } | undefined;
}> {
  const grid = gridOf(config);
  if (!grid) throw new Error('A head is fitted to the features of a grid.');
  const loaded = await weightsOf(config, grid.trunk, grid.blocks);
  const { weights = '' } = config.networks.encoder;
  const statistics = loaded?.statistics && statisticsFromArrays(loaded.statistics, weights);
  const withHead = (head: GridHead) =>
    createGridEncoder({
      ...grid,
      head,
      ...(loaded && { params: loaded.params }),
      seed: config.seed,
      tunesTrunk: false,
    });
  return { withHead, earlier: loaded?.head && statistics && { head: loaded.head, statistics } };
}

/** Channels of the features that a head is given. */
export function trunkChannels(config: RunConfig): number {
  const grid = gridOf(config);
  return grid ? featureChannels(trunkDesign(grid.trunk).blocks, grid.blocks) : 0;
}

/** The weights that a configuration names, or those of the cache folder; undefined for a ConvNeXt that starts from nothing. */
async function weightsOf(
  config: RunConfig,
  trunk: TrunkKind,
  blocks: readonly number[],
): Promise<GridWeights | undefined> {
  const { weights, projection, pooling = 'mean' } = config.networks.encoder;
  if (!weights) return typeof trunk === 'string' ? { params: ownLayout(await readTrunk(trunk)) } : undefined;
  const read = readGridWeights(trunk, Math.max(...blocks), await bytesOf(weights), weights);
  const { head } = read;
  if (!head) return read;
  const invalid = (what: string) => new SkyfixError('WEIGHTS_INVALID', `${weights}: its head ${what}.`);
  const cells = cellsOf(config);
  const sizes = headSizes(head, weights);
  if (read.blocks && read.blocks.join() !== blocks.join())
    throw invalid(`is for blocks [${read.blocks}]; /networks/encoder/upTo is [${blocks}]`);
  if (sizes.cells !== cells)
    throw invalid(
      `is for ${sizes.cells * GRID_STRIDE_PX} pixels; /geometry/inputSizePx is ${cells * GRID_STRIDE_PX}`,
    );
  if ((head.pooling ?? 'grid') !== pooling)
    throw invalid(`has pooling ${head.pooling ?? 'grid'}; /networks/encoder/pooling is ${pooling}`);
  if (projection !== undefined && sizes.dimensions !== projection)
    throw invalid(`makes ${sizes.dimensions} dimensions; /networks/encoder/projection is ${projection}`);
  return read;
}

const cellsOf = ({ geometry }: RunConfig): number => geometry.inputSizePx / GRID_STRIDE_PX;

/** A convolution that changes nothing yet, and a random projection where one is asked for. */
function newHead(config: RunConfig, trunk: TrunkKind, blocks: readonly number[]): GridHead {
  const { pooling = 'mean', projection } = config.networks.encoder;
  const channels = featureChannels(trunkDesign(trunk).blocks, blocks);
  const plain = {
    ...plainHead(channels, cellsOf(config), pooling),
    convolution: identityConvolution(channels),
  };
  if (projection === undefined) return plain;
  const { window } = headSizes(plain);
  const { next } = makeRng(config.seed, PROJECTION_STREAM);
  const data = normalNumbers(next, projection * window, 1 / Math.sqrt(window));
  return {
    ...plain,
    projection: { mean: new Float32Array(window), matrix: { shape: [projection, window], data } },
  };
}

/** What a head in a run's folder started from; undefined where there is none. Throws WEIGHTS_INVALID. */
export async function writtenHead(dir: string): Promise<GridHead | undefined> {
  const path = join(dir, HEAD_FILE);
  const arrays = await headArrays(path);
  return arrays && headFromArrays(arrays, path);
}

/** A head that was fitted in a run's folder, and what to. Throws DATASET_INVALID where there is none yet, WEIGHTS_INVALID. */
export async function writtenFit(
  dir: string,
): Promise<{ readonly head: GridHead; readonly statistics: Record<string, NamedArray> }> {
  const path = join(dir, HEAD_FILE);
  const arrays = await headArrays(path);
  const head = arrays && headFromArrays(arrays, path);
  if (!head)
    throw new SkyfixError('DATASET_INVALID', `${path} is missing: the head has not been fitted yet.`);
  const own = Object.entries(arrays).filter(([name]) => name.startsWith('fit.'));
  return { head, statistics: Object.fromEntries(own) };
}

async function headArrays(path: string): Promise<Record<string, NamedArray> | undefined> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new SkyfixError('WEIGHTS_INVALID', `${path} cannot be read.`, { cause });
  });
  return bytes && readSafetensors(bytes, path);
}

/**
 * What the head of a run starts from: channels are standardised over the features of some of its images. It is written into the
 * run's folder, where a run that goes on finds it. Undefined where there is no head, or the weights have one.
 */
export async function startingHead(
  { config, dir, resume }: Pick<RunContext, 'config' | 'dir' | 'resume'>,
  stores: readonly ImageStore[],
): Promise<GridHead | undefined> {
  if (!gridOf(config)) return undefined;
  if (resume.encoder) return writtenHead(dir);
  const encoder = (await freshEncoder(config)) as GridEncoder;
  try {
    if (!isNew(encoder.head())) return undefined;
    const rows = stores.map((store) => spreadEvenly(store.count, STANDARDISED_OVER));
    const { mean, deviation } = await featureStatistics(encoder, stores, rows);
    const head = { ...encoder.head(), mean, deviation };
    await writeFileAtomic(join(dir, HEAD_FILE), writeSafetensors(headToArrays(head)));
    return head;
  } finally {
    encoder.dispose();
  }
}

/** Whether a head leaves its channels as they are: it came from no file. */
const isNew = ({ mean, deviation }: GridHead): boolean =>
  mean.every((value) => value === 0) && deviation.every((value) => value === 1);
