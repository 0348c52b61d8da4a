// The data of a run: images prepared, and the labels that may be read.

import type { BundleGeometry } from 'skyfix/bundles';
import { SkyfixError } from 'skyfix/errors';
import { sha256OfBytes } from 'skyfix/files';
import type { Split } from '../common/index.js';
import { nearPlaces } from '../common/index.js';
import { type EvaluationArea, inputOf, type RunConfig, shiftPx, trainingSources } from '../config/index.js';
import type { CrossViewDataset } from '../datasets/index.js';
import type { PreparedArea, PreparedPanoramas, PreparedTiles } from '../images/index.js';
import {
  type PrepareOptions,
  prepareArea,
  prepareUnlabelledTiles,
  prepareUnpaired,
} from '../images/index.js';
import { labelledRows, PairLabels } from '../pseudo-labels/index.js';
import type { Tell } from '../runs/index.js';
import { centreStore, type ImageStore, joinStores, selectStore } from '../stores/index.js';
import { type OpenSource, trainingMarginM } from './open-source.js';

/** Training data of one or more data sets, row after row. Row k of inputs and tiles belongs to row k of labels. */
export interface TrainingData {
  readonly name: string;
  /** BEVs or raw panoramas, behind them those that belong to no pair. */
  readonly bevs: ImageStore;
  readonly panoramas?: ImageStore;
  readonly tiles: ImageStore;
  /** The tile of each number, with the same margin as `tiles`: those of the area's gallery, behind them the unlabelled ones. */
  readonly gallery: ImageStore;
  readonly marginPx: number;
  readonly lookAlikes: readonly (readonly number[])[];
  /** samePlace[k]: labelled rows of row k's data set that are its place by their distance; none where it is unlabelled. */
  readonly samePlace: readonly (readonly number[])[];
  readonly labels: PairLabels;
  readonly ids: readonly string[];
  readonly digest: string;
}

/** One data set of a run's training. */
export interface TrainingPart {
  readonly dataset: CrossViewDataset;
  readonly data: TrainingData;
}

/** What the stages train on. */
export interface OpenedTraining {
  /** What stage 1 sees. */
  readonly own: TrainingData;
  /** What the encoder sees, all parts behind each other. */
  readonly encoder: TrainingData;
  readonly parts: readonly TrainingPart[];
}

/** BEVs over the ground of one tile, without the margin that serving looks around in. */
export function trainingGeometry({ geometry }: Pick<RunConfig, 'geometry'>): BundleGeometry {
  const { searchMarginPx, searchStepPx, ...rest } = geometry;
  return rest;
}

/** What the networks are trained on: BEVs that show shiftM more on every side. */
function shiftedGeometry(config: RunConfig): BundleGeometry {
  const middle = trainingGeometry(config);
  const searchMarginPx = shiftPx(config);
  return searchMarginPx > 0 ? { ...middle, searchMarginPx } : middle;
}

export function prepareOptions(config: RunConfig, tell: Tell): PrepareOptions {
  const { data, runtime, tileMarginM } = config;
  return {
    cacheDir: data.cacheDir,
    marginM: tileMarginM,
    panoramas: inputOf(config) === 'panorama',
    nearM: data.nearM,
    threads: runtime.threads,
    onProgress: (what, done, total) => tell(what)(done, total),
  };
}

/**
 * What stage 1 sees (the run's own training split and the further data) and what the encoder sees (that and the data for it
 * alone). Throws
 * TRAINING_CONFIG_INVALID for self-training on data without an unlabelled view or without an unlabelled tile.
 */
export async function openTrainingData(
  config: RunConfig,
  open: OpenSource,
  tell: Tell,
): Promise<OpenedTraining> {
  // A head is fitted to windows of the views that are served, with their margin.
  const geometry = config.stage3.head ? config.geometry : shiftedGeometry(config);
  const options = { ...prepareOptions(config, tell), marginM: trainingMarginM(config) };
  const parts: TrainingData[] = [];
  const sources: TrainingPart[] = [];
  const forG: TrainingData[] = [];
  for (const [k, source] of trainingSources(config.data).entries()) {
    const dataset = await open(source);
    const splits: readonly Split[] = k === 0 ? ['train'] : splitsOf(dataset);
    const area = await prepareArea(dataset, splits, geometry, options);
    const unpaired = await prepareUnpaired(dataset, splits, geometry, options);
    const unlabelled = await prepareUnlabelledTiles(dataset, geometry, area.marginPx, options);
    const labelled = labelledRows(area.ids.length, config.labels.fraction, config.seed + k);
    const part = trainingData(area, unpaired, labelled, config.data.samePlaceM);
    if (k <= (config.data.further ?? []).length) forG.push(part);
    sources.push({ dataset, data: part });
    parts.push(unlabelled ? withUnlabelledTiles(part, unlabelled) : part);
  }
  const [own, encoder] = [joined(forG), joined(parts)];
  refuseIdleSelfTraining(config, encoder);
  return { own, encoder, parts: sources };
}

/** Self-training pairs unlabelled views with unlabelled tiles: without either it would score nothing all along. */
function refuseIdleSelfTraining({ selfTraining, labels }: RunConfig, data: TrainingData): void {
  if (selfTraining.strategy === 'none') return;
  const views = data.bevs.count - data.labels.labelled.length;
  const tiles = data.labels.unlabelledTiles.length;
  if (views > 0 && tiles > 0) return;
  const missing = [...(views > 0 ? [] : ['view']), ...(tiles > 0 ? [] : ['tile'])];
  throw new SkyfixError(
    'TRAINING_CONFIG_INVALID',
    `/selfTraining/strategy is "${selfTraining.strategy}", but at /labels/fraction ${labels.fraction} ` +
      `${data.name} has no unlabelled ${missing.join(' and no unlabelled ')}. Set the strategy ` +
      'to none, take a smaller fraction, or add panoramas and tiles without a partner.',
  );
}

/** An area on which a run is measured, its images as they are served. */
export interface OpenedArea {
  readonly name: string;
  readonly prepared: PreparedArea;
  readonly dataset: CrossViewDataset;
}

export async function openEvaluationAreas(
  areas: readonly EvaluationArea[],
  config: RunConfig,
  open: OpenSource,
  tell: Tell,
): Promise<OpenedArea[]> {
  const { gridStrideM } = config.evaluation;
  const opened: OpenedArea[] = [];
  for (const { name, source, splits } of areas) {
    const dataset = await open(source ?? config.data.source);
    const prepared = await prepareArea(dataset, splits, config.geometry, {
      ...prepareOptions(config, tell),
      ...(gridStrideM > 0 && { grid: { strideM: gridStrideM } }),
    });
    opened.push({ name, prepared, dataset });
  }
  return opened;
}

/** The validation split, in the middle of what training sees. Throws TRAINING_CONFIG_INVALID where the data set has none. */
export async function openValidation(config: RunConfig, open: OpenSource, tell: Tell): Promise<PreparedArea> {
  const dataset = await open(config.data.source);
  if (!splitsOf(dataset).includes('validation')) {
    throw new SkyfixError(
      'TRAINING_CONFIG_INVALID',
      `/stage3/validateEvery is ${config.stage3.validateEvery}, but ${config.data.source.root} ` +
        `has no validation split (it has ${splitsOf(dataset).join(', ')}); set it to 0.`,
    );
  }
  return prepareArea(dataset, 'validation', trainingGeometry(config), prepareOptions(config, tell));
}

export const splitsOf = (dataset: CrossViewDataset): Split[] => [
  ...new Set(dataset.pairs.map(({ split }) => split)),
];

function trainingData(
  area: PreparedArea,
  unpaired: PreparedPanoramas | undefined,
  labelled: readonly number[],
  samePlaceM: number | undefined,
): TrainingData {
  const behind = (own: ImageStore, more: ImageStore | undefined) => (more ? joinStores(own, more) : own);
  const firstRow = new Map<number, number>();
  area.tileOf.forEach((tile, row) => {
    if (!firstRow.has(tile)) firstRow.set(tile, row);
  });
  const rowOfTile = area.galleryIds.map((_, tile) => firstRow.get(tile) ?? -1);
  // Tiles of no pair have no margin: then none has.
  const wide = area.marginPx > 0 && rowOfTile.every((row) => row >= 0);
  const { panoramas } = area;
  return {
    name: area.name,
    bevs: behind(area.bevs, unpaired?.bevs),
    ...(panoramas && { panoramas: behind(panoramas, unpaired?.panoramas) }),
    tiles: wide ? area.tiles : centreStore(area.tiles, area.gallery.sizePx),
    gallery: wide ? selectStore(area.tiles, rowOfTile) : area.gallery,
    marginPx: wide ? area.marginPx : 0,
    lookAlikes: area.lookAlikes,
    samePlace: samePlaceRows(area.locations, labelled, samePlaceM),
    labels: new PairLabels(area.tileOf, labelled, area.galleryIds.length, area.semiPositives),
    ids: area.ids,
    digest: sha256OfBytes(`${area.digest} ${unpaired?.digest ?? ''} ${labelled.join(',')}`),
  };
}

/** For each labelled row the others within samePlaceM; where an unlabelled row is, is not looked at. */
function samePlaceRows(
  locations: PreparedArea['locations'],
  labelled: readonly number[],
  samePlaceM = 0,
): readonly (readonly number[])[] {
  if (samePlaceM === 0) return locations.map(() => []);
  const known: PreparedArea['locations'][number][] = locations.map(() => undefined);
  for (const row of labelled) known[row] = locations[row];
  return nearPlaces(known, 0, samePlaceM).map((list, row) => list.filter((other) => other !== row));
}

/** With more tiles behind those of the gallery. Stage 1 does without them: runs that differ in self-training may share one. */
function withUnlabelledTiles(data: TrainingData, { images, digest }: PreparedTiles): TrainingData {
  return {
    ...data,
    gallery: joinStores(data.gallery, centreStore(images, data.gallery.sizePx)),
    labels: data.labels.withTilesBehind(images.count),
    digest: sha256OfBytes(`${data.digest} ${digest}`),
  };
}

/**
 * One behind the other: the rows of all parts, behind them the ground images of all parts that belong to no pair; tiles as
 * each part numbers them.
 */
function joined(parts: readonly TrainingData[]): TrainingData {
  const [first, ...others] = parts;
  if (first && others.length === 0) return first;
  const marginPx = Math.min(...parts.map((part) => part.marginPx));
  const cut = (store: ImageStore, part: TrainingData) =>
    centreStore(store, store.sizePx - 2 * (part.marginPx - marginPx));
  const rows = (part: TrainingData) => part.ids.length;
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => from + k);
  /** All rows, then what belongs to no pair: rows of a store keep their numbers. */
  const ground = (storeOf: (part: TrainingData) => ImageStore | undefined): ImageStore | undefined => {
    const stores = parts.map(storeOf);
    if (stores.some((store) => store === undefined)) return undefined;
    const some = stores as ImageStore[];
    const paired = some.map((store, k) => selectStore(store, range(0, rows(parts[k] as TrainingData))));
    const rest = some.flatMap((store, k) => {
      const from = rows(parts[k] as TrainingData);
      return store.count > from ? [selectStore(store, range(from, store.count))] : [];
    });
    return joinStores(...paired, ...rest);
  };
  /** Lists of rows, with the numbers that the rows have now. */
  const lists = (listsOf: (part: TrainingData) => readonly (readonly number[])[]): number[][] => {
    const all: number[][] = [];
    for (const part of parts) {
      const offset = all.length;
      all.push(...listsOf(part).map((list) => list.map((k) => k + offset)));
    }
    return all;
  };
  const panoramas = ground((part) => part.panoramas);
  return {
    name: parts.map(({ name }) => name).join(' + '),
    bevs: ground((part) => part.bevs) as ImageStore,
    ...(panoramas && { panoramas }),
    tiles: joinStores(...parts.map((part) => cut(part.tiles, part))),
    gallery: joinStores(...parts.map((part) => cut(part.gallery, part))),
    marginPx,
    lookAlikes: lists((part) => part.lookAlikes),
    samePlace: lists((part) => part.samePlace),
    labels: PairLabels.joined(parts.map(({ labels }) => labels)),
    ids: parts.flatMap(({ ids }) => ids),
    digest: sha256OfBytes(parts.map(({ digest }) => digest).join(' ')),
  };
}
