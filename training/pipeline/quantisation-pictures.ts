// What a quantisation is fitted to and measured on: the ground of a data set's places and their tiles, or a folder of pictures.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BundleManifest, viewSizePx } from 'skyfix/bundles';
import { messageOf, SkyfixError } from 'skyfix/errors';
import { filesBelow } from 'skyfix/files';
import type { RgbImage } from 'skyfix/geometry';
import { decodeImage } from 'skyfix/imaging';
import { SPLITS } from '../common/index.js';
import type { CrossViewDataset } from '../datasets/index.js';
import { type PreparedArea, type PrepareOptions, prepareArea } from '../images/index.js';
import { middleOf } from '../stages/index.js';
import { cropStore, type ImageStore, memoryStore, selectStore } from '../stores/index.js';

/** Pictures of which every so many-th is held out, where they are a folder. */
const HELD_OUT_EVERY = 4;

const PICTURE = /\.(jpe?g|png|webp|tiff?|avif)$/i;

export interface QuantisationPictures {
  readonly calibration: {
    readonly from: string;
    /** What a bundle's first network takes, [V x V]. */
    readonly ground: ImageStore;
    /** [S x S] */
    readonly tiles: ImageStore;
  };
  readonly heldOut: {
    readonly from: string;
    readonly ground: ImageStore;
    /** Where it is a data set: places with their tiles. */
    readonly area?: PreparedArea;
  };
}

type Geometry = BundleManifest['geometry'];

/**
 * `count` places of a data set's training and validation splits, spread evenly; held out is its test split. Throws
 * DATASET_INVALID where one of them has none.
 */
export async function picturesOfDataset(
  dataset: CrossViewDataset,
  geometry: Geometry,
  count: number,
  options: PrepareOptions,
): Promise<QuantisationPictures> {
  const seen = SPLITS.filter((split) => split !== 'test');
  const pairs = evenly(
    dataset.pairs.filter(({ split }) => split !== 'test'),
    count,
  );
  const shown = new Set(pairs.flatMap(({ tiles }) => tiles.map(({ tile }) => tile.id)));
  const gallery = dataset.gallery.filter(({ id }) => shown.has(id));
  const area = await prepareArea({ ...dataset, pairs, gallery }, seen, geometry, options);
  const test = await prepareArea(dataset, 'test', geometry, options);
  return {
    calibration: { from: area.name, ground: area.bevs, tiles: area.gallery },
    heldOut: { from: test.name, ground: test.bevs, area: test },
  };
}

/**
 * The pictures of a folder and the folders in it, each made a square of the size that the first network takes: three of four
 * for calibration, at most `count` of them, the fourth held out. Throws DATASET_INVALID.
 */
export async function picturesOfFolder(
  folder: string,
  geometry: Geometry,
  count: number,
): Promise<QuantisationPictures> {
  const invalid = (what: string) => new SkyfixError('DATASET_INVALID', `${folder}: ${what}.`);
  const names = (
    await filesBelow(folder).catch((error: unknown) => {
      throw invalid(`it cannot be read (${messageOf(error)})`);
    })
  ).filter((name) => PICTURE.test(name));
  if (names.length < HELD_OUT_EVERY) {
    throw invalid(
      `it holds ${names.length} pictures; at least ${HELD_OUT_EVERY} are needed, since every fourth is held out`,
    );
  }
  const isHeldOut = (_: string, k: number) => k % HELD_OUT_EVERY === HELD_OUT_EVERY - 1;
  const sizePx = viewSizePx(geometry);
  const storeOf = async (part: readonly string[]) => {
    const images: RgbImage[] = [];
    for (const name of evenly(part, count)) {
      const bytes = await readFile(join(folder, name));
      const image = await decodeImage(bytes, { widthPx: sizePx, heightPx: sizePx }).catch(
        (error: unknown) => {
          throw invalid(`${name}: ${messageOf(error)}`);
        },
      );
      images.push(image);
    }
    return memoryStore({ sizePx, count: images.length, data: Buffer.concat(images.map(({ data }) => data)) });
  };
  const ground = await storeOf(names.filter((name, k) => !isHeldOut(name, k)));
  const tiles = cropStore(ground, middleOf(ground, geometry.inputSizePx));
  return {
    calibration: { from: folder, ground, tiles },
    heldOut: { from: `${folder}, every fourth`, ground: await storeOf(names.filter(isHeldOut)) },
  };
}

/** The towns that a bundle was trained on, where they lie on this machine as its record says. */
export function ownTowns({ training }: Pick<BundleManifest, 'training'>): readonly string[] {
  const { data } = (training.config ?? {}) as {
    data?: { source?: unknown; encoderOnly?: readonly unknown[] };
  };
  const sources = [data?.source, ...(data?.encoderOnly ?? [])] as (
    | { format?: string; root?: string }
    | undefined
  )[];
  return sources.flatMap((source) =>
    source?.format === 'town' && source.root !== undefined && existsSync(join(source.root, 'places.csv'))
      ? [source.root]
      : [],
  );
}

/** Some rows of a store, evenly spread. */
export const evenlyOf = (store: ImageStore, count: number): ImageStore =>
  count >= store.count ? store : selectStore(store, evenly([...Array(store.count).keys()], count));

function evenly<T>(list: readonly T[], count: number): readonly T[] {
  if (list.length <= count) return list;
  return Array.from({ length: count }, (_, k) => list[Math.floor((k * list.length) / count)] as T);
}
