// Whole numbers, one after another, in a typed array that grows.
export class GrowingNumbers {
  #numbers = new Uint32Array(1024);
  #count = 0;

  get length(): number {
    return this.#count;
  }

  push(number: number): void {
    if (this.#count === this.#numbers.length) {
      const larger = new Uint32Array(2 * this.#count);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#count++] = number;
  }

  /** All of them; the object is used up. */
  finish(): Uint32Array {
    return this.#numbers.subarray(0, this.#count);
  }
}
