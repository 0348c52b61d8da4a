// One graph of a bundle's networks for each share of a view's looks, each on processors of its own. What waits for all threads
// after every node waits longer than it computes where nodes are small: the generator of the bundle that ships takes two threads
// as long as one. So each side makes the view itself, and then describes its share.
import type { ByteTensor, InferenceEngine, Tensor } from '../engines/index.js';

/** Of so many sides; the generator runs in each. */
export const SIDES = 2;

/**
 * Several engines as one: each is given the whole input, and of an image's rows [D] side k has `rows[k]`, those of side 0 first.
 * A second output is that of side 0. It is ready when all are.
 */
export function sideBySide(sides: readonly InferenceEngine[], rows: readonly number[]): InferenceEngine {
  const [first] = sides;
  if (!first) throw new Error('There is no side.');
  const { description, precision, timings, runBoth } = first;
  const others = sides.slice(1);
  const together = (outputs: readonly Tensor[]) => interleaved(outputs, rows);
  return {
    description,
    precision,
    ...(timings && { timings }),
    get state() {
      const states = sides.map(({ state }) => state);
      return states.find((state) => state !== 'ready') ?? 'ready';
    },
    run: async (input) => together(await Promise.all(sides.map((side) => side.run(input)))),
    ...(runBoth && {
      runBoth: async (input: Tensor | ByteTensor) => {
        const [[output, second], ...rest] = await Promise.all([
          runBoth.call(first, input),
          ...others.map((side) => side.run(input)),
        ]);
        return [together([output, ...rest]), second] as const;
      },
    }),
    close: async () => {
      await Promise.all(sides.map((side) => side.close()));
    },
  };
}

/** Outputs [n * rows[k], D] to [n * all rows, D]: those of an image behind each other. */
function interleaved(outputs: readonly Tensor[], rows: readonly number[]): Tensor {
  const [count = 0, dimensions = 0] = outputs[0]?.shape ?? [];
  const images = count / (rows[0] ?? 1);
  const each = rows.reduce((sum, many) => sum + many, 0);
  const data = new Float32Array(images * each * dimensions);
  let before = 0;
  for (const [k, { data: from }] of outputs.entries()) {
    const many = rows[k] ?? 0;
    for (let image = 0; image < images; image++) {
      const part = from.subarray(image * many * dimensions, (image + 1) * many * dimensions);
      data.set(part, (image * each + before) * dimensions);
    }
    before += many;
  }
  return { data, shape: [images * each, dimensions] };
}
