// Algorithm 1 inside stage 3: now and then the unlabelled tiles are compared with the unlabelled views, and the
// strategy chooses the pairs that the next steps train on.
import type { Encoder, NamedArray } from '../../networks/index.js';
import {
  createStrategy,
  momentOf,
  type PrecisionFigures,
  type PseudoPair,
  precision,
  type SelectionStrategy,
  scoreCandidates,
  unlabelledSample,
} from '../../pseudo-labels/index.js';
import { describe } from '../common/descriptors.js';
import type { Stateful } from '../common/loop.js';
import type { EncoderData } from './encoder-data.js';
import type { EncoderOptions } from './options.js';

/** What an update found. */
export interface SelfTrainingReport extends PrecisionFigures {
  readonly iteration: number;
  readonly threshold: number;
  readonly lambda: number | null;
  /** Tiles that were scored. */
  readonly candidates: number;
}

export class SelfTraining implements Stateful {
  readonly #encoder: Encoder;
  readonly #data: EncoderData;
  readonly #options: EncoderOptions;
  readonly #strategy: SelectionStrategy | undefined;
  readonly #onUpdate: ((report: SelfTrainingReport) => void) | undefined;
  /** Views as numbers of `queries`, tiles as numbers of `gallery`. */
  #selected: readonly PseudoPair[] = [];
  #lastUpdate = -1;

  constructor(
    encoder: Encoder,
    data: EncoderData,
    options: EncoderOptions,
    onUpdate?: (report: SelfTrainingReport) => void,
  ) {
    this.#encoder = encoder;
    this.#data = data;
    this.#options = options;
    this.#onUpdate = onUpdate;
    if (options.selfTraining) this.#strategy = createStrategy(options.selfTraining.strategy);
  }

  get selected(): readonly PseudoPair[] {
    return this.#selected;
  }

  isDue(step: number): boolean {
    return this.#momentOf(step) !== undefined;
  }

  /** The update that is due before this step, if any. */
  async updateAt(step: number): Promise<void> {
    const when = this.#momentOf(step);
    const { selfTraining, seed } = this.#options;
    if (!when || !selfTraining || !this.#strategy || this.#lastUpdate === step) return;
    const { labels, queries, gallery } = this.#data;
    const views = [...labels.unlabelled, ...unpaired(labels.unlabelled, labels.labelled, queries.count)];
    const pick = (all: readonly number[], stream: number) =>
      unlabelledSample(all.length, selfTraining.sample, seed, stream).map((k) => all[k] as number);
    // Drawn apart: data sets list views and tiles in one order, and the same draw would pair them.
    const viewRows = pick(views, 2 * step);
    const tileNumbers = pick(labels.unlabelledTiles, 2 * step + 1);
    const ofViews = await describe(this.#encoder, queries, { rows: viewRows });
    const ofTiles = await describe(this.#encoder, gallery, { rows: tileNumbers });
    const extra =
      selfTraining.candidates === 'all'
        ? await describe(this.#encoder, this.#data.tiles, { rows: labels.labelled })
        : undefined;
    const selection = this.#strategy.select(scoreCandidates(ofTiles, ofViews, extra), when);
    this.#selected = selection.pairs.map(({ tile, view, confidence }) => ({
      tile: tileNumbers[tile] as number,
      view: viewRows[view] as number,
      confidence,
    }));
    this.#lastUpdate = step;
    const figures = precision({ ...selection, pairs: this.#selected }, ({ view, tile }) =>
      labels.isRight(view, tile),
    );
    this.#onUpdate?.({
      iteration: step,
      threshold: selection.threshold,
      lambda: selection.lambda ?? null,
      candidates: tileNumbers.length,
      ...figures,
    });
  }

  toArrays(): Record<string, NamedArray> {
    const count = this.#selected.length;
    const flat = this.#selected.flatMap(({ tile, view, confidence }) => [tile, view, confidence]);
    return {
      selected: { shape: [count, 3], data: Float32Array.from(flat) },
      lastUpdate: { shape: [1], data: Float32Array.of(this.#lastUpdate) },
      ...this.#strategy?.toArrays(),
    };
  }

  load(arrays: Readonly<Record<string, NamedArray>>): void {
    const data = arrays.selected?.data ?? new Float32Array();
    this.#selected = Array.from({ length: data.length / 3 }, (_, k) => {
      const [tile = 0, view = 0, confidence = 0] = data.subarray(3 * k, 3 * k + 3);
      return { tile, view, confidence };
    });
    this.#lastUpdate = arrays.lastUpdate?.data[0] ?? -1;
    this.#strategy?.load(arrays);
  }

  #momentOf(step: number) {
    const { selfTraining, steps } = this.#options;
    if (!selfTraining) return undefined;
    const { warmupShare, every } = selfTraining;
    return momentOf(step, { totalIterations: steps, warmupShare, every });
  }
}

/** Ground images behind the rows: they belong to no pair. */
function unpaired(unlabelled: readonly number[], labelled: readonly number[], count: number): number[] {
  const rows = unlabelled.length + labelled.length;
  return Array.from({ length: count - rows }, (_, k) => rows + k);
}
