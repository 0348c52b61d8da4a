// Which pairs make the batch of a step: labelled ones with their hard negatives, mixed with pseudo-labelled ones.
import { EpochSampler, minedNeighbours, mixedBatch, type Neighbours } from '../../batches/index.js';
import type { Encoder, NamedArray } from '../../networks/index.js';
import type { PseudoPair } from '../../pseudo-labels/index.js';
import { describe } from '../common/descriptors.js';
import type { Stateful } from '../common/loop.js';
import type { EncoderData, TrainingPair } from './encoder-data.js';
import type { EncoderOptions } from './options.js';
import { SamePlaces } from './same-place.js';

/** How many look-alikes of a row are looked at (Sample4Geo: 128 in a batch of 128). */
const MINED = 64;

export class PairSampler implements Stateful {
  /** Pairs of one place, which the batches keep apart as far as labels tell. */
  readonly places: SamePlaces;
  readonly #encoder: Encoder;
  readonly #data: EncoderData;
  readonly #options: EncoderOptions;
  readonly #epochs: EpochSampler;
  #step = 0;

  constructor(encoder: Encoder, data: EncoderData, options: EncoderOptions) {
    this.#encoder = encoder;
    this.#data = data;
    this.#options = options;
    const { labelled } = data.labels;
    this.places = new SamePlaces(data);
    this.#epochs = new EpochSampler(
      { count: labelled.length, batch: options.batch, same: this.places.rows, seed: options.seed },
      () => this.#neighbours(),
    );
  }

  /** Whether asking for this step's pairs looks at what the network is now. */
  minesAt(step: number): boolean {
    return this.#mines(step) && this.#epochs.beginsEpoch(step);
  }

  /**
   * The pairs of a step: labelled ones alone, or mixed with selected ones (Algorithm 1, step 4). No view and no tile comes
   * twice, and no pair is of a labelled row's place beside that row; selected pairs may be of one place among themselves.
   */
  async pairsAt(step: number, selected: readonly PseudoPair[]): Promise<TrainingPair[]> {
    this.#step = step;
    const rows = await this.#epochs.rowsAt(step);
    const { labelled } = this.#data.labels;
    const { batch, seed } = this.#options;
    const ofRow = (k: number): TrainingPair => ({ query: labelled[k] as number, row: labelled[k] as number });
    if (selected.length === 0) return rows.map(ofRow);
    const all = labelled.map((_, k) => k);
    const most = this.#mostSelected(selected.length);
    const { places } = this;
    const mixed = mixedBatch(step, all, selected, batch, seed, {
      first: rows.slice(0, batch - most),
      same: places.rows,
      meets: (number, pair) => places.meets(number, pair),
      most,
    });
    const pseudo = mixed.selected.map(({ view, tile }): TrainingPair => ({ query: view, tile }));
    return [...mixed.labelled.map(ofRow), ...pseudo];
  }

  toArrays(): Record<string, NamedArray> {
    return this.#epochs.toArrays();
  }

  load(arrays: Readonly<Record<string, NamedArray>>): void {
    this.#epochs.load(arrays);
  }

  #mostSelected(selected: number): number {
    const { batch, selfTraining } = this.#options;
    if (selfTraining?.mix !== 'proportional') return batch >> 1;
    return Math.round((batch * selected) / (selected + this.#data.labels.labelled.length));
  }

  #mines(step: number): boolean {
    const { sampling, steps } = this.#options;
    return sampling.negatives === 'mined' && step >= sampling.minedFromShare * steps;
  }

  /** Look-alikes of each labelled row, as numbers among the labelled rows. */
  async #neighbours(): Promise<Neighbours | undefined> {
    const { sampling } = this.#options;
    if (sampling.negatives === 'none' || sampling.groupSize === 1) return undefined;
    const { labels, lookAlikes } = this.#data;
    if (this.#mines(this.#step)) {
      const queries = await describe(this.#encoder, this.#data.queries, { rows: labels.labelled });
      const tiles = await describe(this.#encoder, this.#data.tiles, { rows: labels.labelled });
      const lists = minedNeighbours(queries, tiles, MINED, this.places.rows);
      return { lists, groupSize: sampling.groupSize };
    }
    const numberOf = new Map(labels.labelled.map((row, k) => [row, k]));
    const lists = labels.labelled.map((row) =>
      (lookAlikes[row] ?? []).flatMap((other) => numberOf.get(other) ?? []),
    );
    return { lists, groupSize: sampling.groupSize, hardestShare: 0 };
  }
}
