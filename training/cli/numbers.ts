// Numbers from the command line, with a message that names the value.
import { InvalidArgumentError } from 'commander';

/** A parser of whole numbers from low to high. */
export function wholeNumber(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentError(`Give a whole number from ${low} to ${high}, not "${text}".`);
    }
    return value;
  };
}
