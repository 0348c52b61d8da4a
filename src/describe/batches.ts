// How many images a network is given at once.
import type { InferenceEngine, Tensor } from '../engines/index.js';
import { stackTensors } from '../imaging/index.js';

/** Images first to first + count - 1 of a batch [B, ...]; no copy. */
export function partOf({ data, shape }: Tensor, first: number, count: number): Tensor {
  const [, ...rest] = shape;
  const each = rest.reduce((product, n) => product * n, 1);
  return { data: data.subarray(first * each, (first + count) * each), shape: [count, ...rest] };
}

/** Runs a batch of any size in parts of at most `most` images, one after another. */
export async function runInParts(engine: InferenceEngine, input: Tensor, most: number): Promise<Tensor> {
  const [count = 0] = input.shape;
  if (count <= most) return engine.run(input);
  const parts: Tensor[] = [];
  for (let first = 0; first < count; first += most) {
    parts.push(await engine.run(partOf(input, first, Math.min(most, count - first))));
  }
  return stackTensors(parts);
}

/** A network that was exported for one image, as one that takes any number. */
export function oneAtATime(engine: InferenceEngine): InferenceEngine {
  return {
    description: engine.description,
    precision: engine.precision,
    ...(engine.timings && { timings: engine.timings }),
    get state() {
      return engine.state;
    },
    run: (input: Tensor) => runInParts(engine, input, 1),
    close: () => engine.close(),
  };
}
