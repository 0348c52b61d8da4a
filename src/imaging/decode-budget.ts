// What decoding may hold in memory, of all requests of the process together. Who comes when it is spent waits, first come
// first served; what no budget could ever hold is refused.
import { SkyfixError } from '../errors/index.js';

/** Enough for a progressive JPEG or an AVIF of 16384 x 8192 pixels. */
const BUDGET_BYTES = 1.25 * 2 ** 30;

export class DecodeBudget {
  readonly totalBytes: number;
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = [];
  #heldBytes = 0;

  constructor(totalBytes: number) {
    this.totalBytes = totalBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `work` when `bytes` are free. Throws IMAGE_TOO_LARGE_PIXELS where they are more than the whole budget. */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (!(bytes <= this.totalBytes)) {
      throw new SkyfixError(
        'IMAGE_TOO_LARGE_PIXELS',
        `Decoding this file would take ${megabytes(bytes)} MB of memory; the limit is ${megabytes(this.totalBytes)}. ` +
          'A baseline JPEG or a PNG without interlacing of the same size takes far less.',
      );
    }
    await this.#take(bytes);
    try {
      return await work();
    } finally {
      this.#heldBytes -= bytes;
      this.#startWaiting();
    }
  }

  async #take(bytes: number): Promise<void> {
    if (this.#waiting.length === 0 && this.#heldBytes + bytes <= this.totalBytes) {
      this.#heldBytes += bytes;
      return;
    }
    await new Promise<void>((start) => this.#waiting.push({ bytes, start }));
  }

  #startWaiting(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (this.#heldBytes + next.bytes > this.totalBytes) return;
      this.#waiting.shift();
      this.#heldBytes += next.bytes;
      next.start();
    }
  }
}

const megabytes = (bytes: number) => Math.round(bytes / 1e6);

/** The process's. */
export const decodeBudget = new DecodeBudget(BUDGET_BYTES);
