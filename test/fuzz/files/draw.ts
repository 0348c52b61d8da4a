// Random choices of the file fuzzer, all out of one seeded generator.

export class Draw {
  readonly #random: () => number;

  /** `random` gives numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** A count, length or offset that readers stumble over; `length` is that of what it stands in. */
  number(length: number): number {
    const near = length + this.below(5) - 2;
    return (
      this.of([
        0,
        1,
        2,
        7,
        8,
        255,
        256,
        32767,
        65535,
        65536,
        2 ** 24,
        2 ** 31 - 1,
        2 ** 31,
        2 ** 32 - 1,
        near,
        near >> 1,
        this.below(length + 1),
      ]) %
      2 ** 32
    );
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}
