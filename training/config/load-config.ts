// A run's configuration from its file: the preset that it names, its own values over it, then those of the command line.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type BundleInput, geometryFault } from 'skyfix/bundles';
import { explainSchemaErrors, messageOf, SkyfixError, schemaCheck } from 'skyfix/errors';
import { fieldOfViewFault } from 'skyfix/geometry';
import { parse } from 'yaml';
import { CUT_FORMATS, FORMATS, type PublishedGround, publishedGround } from '../datasets/index.js';
import { GRID_STRIDE_PX } from '../networks/index.js';
import { PHOTO_MARGIN, photoOffset, trainsOnPhotos } from './gps-tolerance.js';
import type { DataSource, RunConfig } from './run-config.js';
import { RUN_CONFIG_SCHEMA } from './schema.js';
import { trainingSources } from './training-sources.js';

export const PRESETS = ['paper', 'small', 'town', 'ablation', 'general', 'finetune'] as const;
export type Preset = (typeof PRESETS)[number];

type Tree = Readonly<Record<string, unknown>>;

/** Presets for any data set: tile and camera height are those of its format, where they are published (see PUBLISHED_GROUND). */
const FOLLOWS_DATA: readonly Preset[] = ['paper', 'small'];

const validate = schemaCheck<RunConfig>(RUN_CONFIG_SCHEMA, { allErrors: true, verbose: true });

/**
 * Reads a configuration file (YAML) or a preset by its name. `overrides` are "path.to.field=value" with YAML values. Throws
 * TRAINING_CONFIG_INVALID naming every field that is wrong, with its value.
 */
export async function loadRunConfig(file: string, overrides: readonly string[] = []): Promise<RunConfig> {
  const own: Tree = isPreset(file) ? { preset: file } : await readYaml(file);
  return resolveRunConfig(own, overrides, file);
}

/** The configuration that a run's folder holds, as it was resolved then. Throws TRAINING_CONFIG_INVALID. */
export async function readRunConfig(file: string): Promise<RunConfig> {
  const config = named(await readYaml(file));
  if (!validate(config)) throw invalid(`${file}: ${explainSchemaErrors(validate.errors)}`);
  return config as unknown as RunConfig;
}

/** The same for values that are in memory; `source` names them in messages. */
export async function resolveRunConfig(
  own: Tree,
  overrides: readonly string[] = [],
  source = 'the configuration',
): Promise<RunConfig> {
  const { preset = 'small', ...values } = own;
  if (typeof preset !== 'string' || !isPreset(preset)) {
    throw invalid(`${source}: preset is ${JSON.stringify(preset)}, not one of ${PRESETS.join(', ')}`);
  }
  const path = fileURLToPath(new URL(`../../config/presets/${preset}.yaml`, import.meta.url));
  const base = await readYaml(path);
  /** The user's values over some defaults. */
  const over = (below: Tree): Tree => overrides.reduce(overridden, merged(below, values));
  const checked = (tree: Tree): RunConfig => {
    const config = named(withoutNulls(tree) as Tree);
    if (!validate(config)) throw invalid(`${source}: ${explainSchemaErrors(validate.errors)}`);
    return config;
  };
  const defaults = seenBySource(over, FOLLOWS_DATA.includes(preset) ? onGroundOf(over(base), base) : base);
  let config = checked(over(defaults));
  if (trainsOnPhotos(config)) {
    const wide = merged(defaults, PHOTO_MARGIN);
    config = checked(over(merged(wide, photoOffset(checked(over(wide))))));
  }
  const fault = faultOf(config);
  if (fault) throw invalid(`${source}: ${fault}`);
  return config;
}

/** Group and bundle have the run's name where they have none of their own; areas leave nothing to prefer. */
function named(config: Tree): Tree {
  const { name, bundle, evaluation } = config;
  const group = config.group ?? name;
  const { preferredSplits: _, ...measured } = isTree(evaluation) ? evaluation : {};
  return {
    ...config,
    ...(measured.areas !== undefined && { evaluation: measured }),
    ...(group !== undefined && { group }),
    ...(isTree(bundle) && name !== undefined && { bundle: { name, ...bundle } }),
  };
}

/** null takes a field away, in lists too. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isTree(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}

/** What is published of the data set that the whole configuration names. */
function groundOf(source: unknown): PublishedGround | undefined {
  const named = isTree(source) ? source.format : undefined;
  const format = FORMATS.find((known) => known === named);
  return format && publishedGround(format);
}

const sourceOf = ({ data }: Tree): unknown => (isTree(data) ? data.source : undefined);

/** In place of a field that the user may have set or, by null, taken away. */
const UNSAID = 'unsaid';

/** The defaults with the field of view of the run's own data, which its bundle carries; unless the user says which, or none. */
function seenBySource(over: (below: Tree) => Tree, defaults: Tree): Tree {
  const whole = over(merged(defaults, { geometry: { fieldOfView: UNSAID } }));
  const said = isTree(whole.geometry) ? whole.geometry.fieldOfView : undefined;
  const source = sourceOf(whole);
  const fieldOfView = (isTree(source) ? source.fieldOfView : undefined) ?? groundOf(source)?.fieldOfView;
  if (said !== UNSAID || !isTree(fieldOfView)) return defaults;
  return merged(defaults, { geometry: { fieldOfView } });
}

/** The preset with the geometry of the data set that the whole configuration names. */
function onGroundOf(whole: Tree, preset: Tree): Tree {
  const ground = groundOf(sourceOf(whole));
  if (!ground) return preset;
  const { tileSizeM, cameraHeightM } = ground;
  return merged(preset, { geometry: { tileSizeM, cameraHeightM } });
}

const isPreset = (name: string): name is Preset => (PRESETS as readonly string[]).includes(name);
const invalid = (detail: string) => new SkyfixError('TRAINING_CONFIG_INVALID', `${detail}.`);

async function readYaml(path: string): Promise<Tree> {
  let value: unknown;
  try {
    value = parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new SkyfixError('TRAINING_CONFIG_INVALID', `${path} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (!isTree(value)) throw invalid(`${path} holds no fields`);
  return value;
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Objects are merged field by field; everything else is replaced; null takes a field away. */
function merged(base: Tree, over: Tree): Tree {
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const old = result[name];
    if (value === null) delete result[name];
    else result[name] = isTree(old) && isTree(value) ? merged(old, value) : value;
  }
  // steps and epochs exclude each other: the newer one wins
  if ('steps' in over && over.steps !== null && !('epochs' in over)) delete result.epochs;
  if ('epochs' in over && over.epochs !== null && !('steps' in over)) delete result.steps;
  return result;
}

function overridden(config: Tree, override: string): Tree {
  const at = override.indexOf('=');
  if (at < 1) throw invalid(`"${override}" is not "path.to.field=value"`);
  let value: unknown;
  try {
    value = parse(override.slice(at + 1));
  } catch (error) {
    throw invalid(`"${override}" is no YAML after the "=": ${messageOf(error).split('\n')[0]}`);
  }
  const tree = override
    .slice(0, at)
    .split('.')
    .reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
  return merged(config, tree as Tree);
}

/** `shiftM` in input pixels, to a millionth of one. */
export function shiftPx({ geometry, shiftM = 0 }: Pick<RunConfig, 'geometry' | 'shiftM'>): number {
  return Number(((shiftM * geometry.inputSizePx) / geometry.tileSizeM).toFixed(6));
}

/** What the first network of a run takes. */
export function inputOf({ queries, stage1 }: Pick<RunConfig, 'queries' | 'stage1'>): BundleInput {
  return queries === 'panorama' || stage1.input === 'panorama' ? 'panorama' : 'bev';
}

/** What the schema cannot say. */
function faultOf(config: RunConfig): string | undefined {
  const { stage1, stage3, geometry, queries, evaluation, selfTraining, labels } = config;
  for (const [name, stage] of Object.entries({ stage1, stage3 })) {
    if ((stage.steps === undefined) === (stage.epochs === undefined)) {
      return `/${name} needs either steps or epochs, but has ${stage.steps === undefined ? 'none' : 'both'}`;
    }
  }
  if (queries !== 'views' && stage1.input === 'panorama') {
    return '/stage1/input is "panorama", which only views are made from; but /queries is not "views"';
  }
  if (stage3.infoNce.weight === 0 && stage3.triplet.weight === 0) {
    return '/stage3/infoNce/weight and /stage3/triplet/weight are both 0: there is nothing to learn from';
  }
  const { trunk = 'convnext', upTo, pooling = 'mean', projection } = config.networks.encoder;
  if (trunk === 'convnext' && !upTo && pooling === 'mean' && projection === undefined) {
    if (config.networks.encoder.frozen)
      return '/networks/encoder/frozen is true, but there is no head to train';
  } else if (geometry.inputSizePx % GRID_STRIDE_PX !== 0) {
    const { inputSizePx } = geometry;
    return `/geometry/inputSizePx is ${inputSizePx}, not a multiple of ${GRID_STRIDE_PX}, the side of a cell of features`;
  }
  const unfit = stage3.head && headFault(config);
  if (unfit) return `/stage3/head is given, but ${unfit}`;
  const { searchMarginPx = 0 } = geometry;
  const takesPanoramas = inputOf(config) === 'panorama';
  if (searchMarginPx > 0 && takesPanoramas) {
    return `/geometry/searchMarginPx is ${searchMarginPx}, but a panorama has no ground to look around in`;
  }
  if (config.networks.generator.learnResidual && stage1.input === 'panorama') {
    return '/networks/generator/learnResidual is true, but /stage1/input is "panorama": a view can be added to a BEV only';
  }
  if (config.publish && takesPanoramas) {
    const field = queries === 'panorama' ? '/queries' : '/stage1/input';
    return `/publish is given, but ${field} is "panorama": a server gives its networks BEVs; make /publish null`;
  }
  const shift = shiftPx(config);
  if (shift % 2 !== 0) {
    return `/shiftM is ${config.shiftM}, which is ${shift} input pixels; it must be a multiple of 2 of them`;
  }
  if (selfTraining.strategy !== 'none' && labels.fraction === 1 && !hasUnpaired(config)) {
    return `/selfTraining/strategy is "${selfTraining.strategy}", but /labels/fraction is 1: nothing is unlabelled`;
  }
  const { areas = [] } = evaluation;
  const names = areas.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) < k);
  if (twice !== undefined) return `/evaluation/areas has two areas of the name "${twice}"`;
  for (const [at, source] of sourcesOf(config)) {
    const fault = sourceFault(at, source);
    if (fault) return fault;
  }
  return geometryFault(geometry);
}

/** Why a head cannot be fitted to what a configuration has. */
function headFault(config: RunConfig): string | undefined {
  const { networks, queries, geometry, selfTraining, stage3, shiftM = 0 } = config;
  const { trunk = 'convnext', pooling = 'mean', frozen = trunk !== 'convnext' } = networks.encoder;
  const { searchMarginPx = 0, searchStepPx = searchMarginPx } = geometry;
  if (pooling !== 'grid') return `/networks/encoder/pooling is ${pooling}: it takes a grid`;
  if (!frozen) return '/networks/encoder/frozen is false: its features are made once';
  if (queries !== 'bev') return `/queries is "${queries}": it takes "bev"`;
  if (selfTraining.strategy !== 'none') {
    return `/selfTraining/strategy is "${selfTraining.strategy}": it learns from labels alone`;
  }
  if (stage3.head?.tune?.from === 'weights' && !networks.encoder.weights) {
    return '/stage3/head/tune/from is "weights", but /networks/encoder/weights is absent: there is no head to begin at';
  }
  if (shiftM !== 0) return `/shiftM is ${shiftM}: windows are moved by whole cells, so it must be 0`;
  if (searchMarginPx % GRID_STRIDE_PX !== 0 || (searchMarginPx > 0 && searchStepPx % GRID_STRIDE_PX !== 0)) {
    const margin = `${searchMarginPx} and ${searchStepPx}`;
    return `/geometry/searchMarginPx and searchStepPx are ${margin}, not multiples of ${GRID_STRIDE_PX}`;
  }
  return undefined;
}

/** Own data may hold panoramas and tiles of no pair: whether they do is seen once they are open. */
function hasUnpaired({ data }: RunConfig): boolean {
  return trainingSources(data).some(({ format }) => format === 'photos' || format === 'csv');
}

/** Every data set that a run names, with the place in its configuration. */
function sourcesOf({ data, evaluation }: RunConfig): readonly (readonly [string, DataSource])[] {
  return [
    ['/data/source', data.source],
    ...(data.further ?? []).map((source, k) => [`/data/further/${k}`, source] as const),
    ...data.encoderOnly.map((source, k) => [`/data/encoderOnly/${k}`, source] as const),
    ...(evaluation.areas ?? []).flatMap(({ source }, k) =>
      source ? [[`/evaluation/areas/${k}/source`, source] as const] : [],
    ),
  ];
}

function sourceFault(at: string, source: DataSource): string | undefined {
  const { format, make, fieldOfView, tileFileM } = source;
  // A town must not be made in the folder of other data, e.g. because a preset's own town shines through.
  if (make && format !== 'town') {
    return `${at}/make is for towns, but ${at}/format is "${format}": make it null`;
  }
  if (tileFileM !== undefined && CUT_FORMATS.includes(format)) {
    return `${at}/tileFileM is ${tileFileM}, but ${at}/format is "${format}", whose tiles are cut from imagery: make it null`;
  }
  const fault = fieldOfView && fieldOfViewFault(fieldOfView);
  return fault && `${at}/fieldOfView/${fault}`;
}
