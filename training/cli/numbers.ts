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

/** A length in metres, 0 or more. */
export function metres(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < 1e6)) {
    throw new InvalidArgumentError(`Give a length in metres, not "${text}".`);
  }
  return value;
}
