// The batch of each step, epoch after epoch, with a state for the checkpoint: mined neighbours depend on what the
// network was when an epoch began, so a resumed run must keep the order of the epoch that it is in.
import type { NamedArray } from '../networks/index.js';
import { type EpochOptions, epochBatches, type Neighbours } from './sampling.js';

interface Epoch {
  readonly epoch: number;
  /** Step of its first batch. */
  readonly first: number;
  readonly batches: readonly (readonly number[])[];
}

/** Look-alikes for an epoch that begins now; undefined: a plain shuffle. */
export type NeighboursOfEpoch = (epoch: number) => Promise<Neighbours | undefined> | Neighbours | undefined;

export class EpochSampler {
  readonly #options: Omit<EpochOptions, 'epoch' | 'neighbours'>;
  readonly #neighboursOf: NeighboursOfEpoch;
  /** The epochs in use: one, or two while the first batch of the next is being loaded. */
  #epochs: Epoch[] = [];

  constructor(
    options: Omit<EpochOptions, 'epoch' | 'neighbours'>,
    neighboursOf: NeighboursOfEpoch = () => undefined,
  ) {
    if (options.count < 1) throw new RangeError('There are no rows to draw batches from.');
    this.#options = options;
    this.#neighboursOf = neighboursOf;
  }

  /**
   * The rows of a step's batch. Ask in ascending order, one call after the other; asking one step ahead, or again for a
   * step of the last two epochs, is fine. A new epoch's neighbours are asked for when its first step is.
   */
  async rowsAt(step: number): Promise<readonly number[]> {
    for (;;) {
      const last = this.#epochs.at(-1);
      const end = last ? last.first + last.batches.length : 0;
      if (step < end) break;
      const epoch = last ? last.epoch + 1 : 0;
      const neighbours = await this.#neighboursOf(epoch);
      const batches = epochBatches({ ...this.#options, epoch, ...(neighbours ? { neighbours } : {}) });
      this.#epochs = [...this.#epochs.slice(-1), { epoch, first: end, batches }];
    }
    for (const { first, batches } of this.#epochs) {
      const rows = batches[step - first];
      if (rows) return rows;
    }
    throw new RangeError(`The batch of step ${step} belongs to an epoch that is over.`);
  }

  /** Whether asking for this step begins an epoch, whose neighbours are then asked for. */
  beginsEpoch(step: number): boolean {
    const last = this.#epochs.at(-1);
    return last === undefined || step >= last.first + last.batches.length;
  }

  /** The epoch of the last step that was asked for. */
  get epoch(): number {
    return this.#epochs.at(-1)?.epoch ?? 0;
  }

  /** Per epoch in use: epoch, first step, batches, rows a batch, then the rows. Exact up to 2^24. */
  toArrays(): Record<string, NamedArray> {
    const numbers = this.#epochs.flatMap(({ epoch, first, batches }) => [
      epoch,
      first,
      batches.length,
      batches[0]?.length ?? 0,
      ...batches.flat(),
    ]);
    return { epochs: { shape: [numbers.length], data: Float32Array.from(numbers) } };
  }

  /** Restores what toArrays wrote. */
  load(arrays: Readonly<Record<string, NamedArray>>): void {
    const data = arrays.epochs?.data;
    if (!data) throw new Error('The checkpoint holds no order of batches.');
    this.#epochs = [];
    for (let at = 0; at < data.length; ) {
      const [epoch = 0, first = 0, count = 0, size = 0] = data.subarray(at, at + 4);
      at += 4;
      const batches = Array.from({ length: count }, (_, k) => [
        ...data.subarray(at + k * size, at + (k + 1) * size),
      ]);
      at += count * size;
      this.#epochs.push({ epoch, first, batches });
    }
  }
}
