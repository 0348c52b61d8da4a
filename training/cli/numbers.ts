// Numbers from the command line, with a message that names the value.
import { InvalidArgumentError } from 'commander';
import { type FieldOfView, fieldOfViewFault } from 'skyfix/geometry';

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

/** Whole numbers of 0 or more, with commas between them. */
export function wholeNumbers(text: string): readonly number[] {
  if (!/^\d{1,9}(,\d{1,9})*$/.test(text)) {
    throw new InvalidArgumentError(`Give whole numbers with commas between them, not "${text}".`);
  }
  return text.split(',').map(Number);
}

/** A length in metres, 0 or more. */
export function metres(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < 1e6)) {
    throw new InvalidArgumentError(`Give a length in metres, not "${text}".`);
  }
  return value;
}

/** A length in metres, more than 0. */
export function positiveMetres(text: string): number {
  const value = metres(text);
  if (value === 0) throw new InvalidArgumentError('Give a length of more than 0 metres.');
  return value;
}

/** An angle around the camera in degrees, over 0 to 360. */
export function degrees(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 360)) {
    throw new InvalidArgumentError(`Give degrees, over 0 to 360, not "${text}".`);
  }
  return value;
}

/**
 * A field of view: horizontal and vertical degrees and, where it is not the middle row, the share of the rows above
 * the horizon.
 */
export function fieldOfView(text: string): FieldOfView {
  const values = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [horizontalDeg = 0, verticalDeg = 0, horizonShare] = values;
  const fov = { horizontalDeg, verticalDeg, ...(horizonShare !== undefined && { horizonShare }) };
  const count = values.length === 2 || values.length === 3;
  const fault = count ? fieldOfViewFault(fov) : 'it must be two or three numbers with commas between them';
  if (fault) throw new InvalidArgumentError(`Give a field of view, not "${text}": ${fault}.`);
  return fov;
}
