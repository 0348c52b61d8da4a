// The batches of stage 3: which pairs, and their crops, cut while the step before computes.
import { BatchLoader } from '../../batches/index.js';
import type { Encoder } from '../../networks/index.js';
import type { Stateful } from '../common/loop.js';
import { encoderCrops } from './encoder-crops.js';
import type { EncoderData, TrainingPair } from './encoder-data.js';
import type { EncoderOptions } from './options.js';
import { PairSampler } from './pair-sampler.js';
import { SelfTraining, type SelfTrainingReport } from './self-training.js';

export interface EncoderBatch {
  readonly pairs: readonly TrainingPair[];
  /** Float32 [2B, S, S, 3] in [0, 1]: the queries, then their tiles. */
  readonly crops: Promise<Float32Array>;
}

export class EncoderBatches {
  readonly #encoder: Encoder;
  readonly #data: EncoderData;
  readonly #options: EncoderOptions;
  readonly #sampler: PairSampler;
  readonly #selfTraining: SelfTraining;
  readonly #loader: BatchLoader;
  #ahead: { readonly step: number; readonly batch: EncoderBatch } | undefined;

  constructor(
    encoder: Encoder,
    data: EncoderData,
    options: EncoderOptions,
    onSelfTraining?: (report: SelfTrainingReport) => void,
  ) {
    this.#encoder = encoder;
    this.#data = data;
    this.#options = options;
    this.#sampler = new PairSampler(encoder, data, options);
    this.#selfTraining = new SelfTraining(encoder, data, options, onSelfTraining);
    this.#loader = new BatchLoader([data.queries, data.tiles, data.gallery], options.loader);
  }

  /** What a checkpoint holds of the choice of pairs. */
  get parts(): { readonly sampler: Stateful; readonly self: Stateful } {
    return { sampler: this.#sampler, self: this.#selfTraining };
  }

  /**
   * The batch of a step, after the update of the pseudo-labels that is due before it. The next one is begun at once,
   * unless it depends on what this step makes of the network.
   */
  async at(step: number): Promise<EncoderBatch> {
    await this.#selfTraining.updateAt(step);
    const batch = this.#ahead?.step === step ? this.#ahead.batch : await this.#begin(step);
    this.#ahead = undefined;
    const next = step + 1;
    const early = !this.#selfTraining.isDue(next) && !this.#sampler.minesAt(next);
    if (next < this.#options.steps && early) this.#ahead = { step: next, batch: await this.#begin(next) };
    return batch;
  }

  /** [B, B]: 1 where two pairs of a batch are no negatives of each other; undefined where all are. */
  exclusion(pairs: readonly TrainingPair[]): Float32Array | undefined {
    return this.#sampler.places.exclusion(pairs);
  }

  close(): Promise<void> {
    return this.#loader.close();
  }

  async #begin(step: number): Promise<EncoderBatch> {
    const pairs = await this.#sampler.pairsAt(step, this.#selfTraining.selected);
    const { inputSize } = this.#encoder;
    const crops = this.#loader.load(encoderCrops(this.#data, pairs, inputSize, step, this.#options));
    crops.catch(() => {}); // told where it is awaited
    return { pairs, crops };
  }
}
