// Noise of a camera's pixels.
import { hash3, makeRng } from 'skyfix/random';

/** Adds Gaussian noise of so many grey levels to every value, in place. */
export function addNoise(pixels: Uint8Array, deviation: number, seed: number): void {
  const rng = makeRng(seed, 30);
  const table = Float32Array.from({ length: 4096 }, () => rng.normal() * deviation);
  for (let k = 0; k < pixels.length; k++) {
    const value = (pixels[k] as number) + (table[Math.floor(hash3(k, seed, 8) * 4096)] as number);
    pixels[k] = value < 0 ? 0 : Math.min(value, 255);
  }
}
