// Parameters and operations of the networks, from their configuration alone (the paper's table 3).
// "FLOPs" is what the field's tables print under that name: multiplications with their addition, counted once, of
// convolutions and matrix products. Norms, activations and sums are left out, as there.
import type { ConvNextConfig, GeneratorConfig } from '../networks/index.js';

export interface NetworkCost {
  readonly parameters: number;
  /** Multiply-accumulates of one image of the configured size. */
  readonly flops: number;
}

class Counter {
  parameters = 0;
  flops = 0;

  /** A convolution of k x k with bias; `side` is its output's (a transposed one's: its input's). */
  convolution(kernel: number, fanIn: number, out: number, side: number): void {
    this.parameters += kernel * kernel * fanIn * out + out;
    this.flops += kernel * kernel * fanIn * out * side * side;
  }

  /** Scale and shift of a norm, or a layer scale. */
  vector(size: number, count = 1): void {
    this.parameters += size * count;
  }

  get cost(): NetworkCost {
    return { parameters: this.parameters, flops: this.flops };
  }
}

/**
 * The generator: 11,378,179 parameters and 49.6 G for 64 filters, 9 blocks at 256 x 256. Counters that charge a transposed
 * convolution for every output pixel (three quarters of those products are with zeros) print 56.8 G for the same network.
 */
export function generatorCost({ baseFilters: base, blocks, inputSize: side }: GeneratorConfig): NetworkCost {
  const counter = new Counter();
  counter.convolution(7, 3, base, side);
  counter.convolution(3, base, 2 * base, side / 2);
  counter.convolution(3, 2 * base, 4 * base, side / 4);
  for (let k = 0; k < 2 * blocks; k++) counter.convolution(3, 4 * base, 4 * base, side / 4);
  counter.convolution(3, 4 * base, 2 * base, side / 4);
  counter.convolution(3, 2 * base, base, side / 2);
  counter.convolution(7, base, 3, side);
  return counter.cost;
}

/** The encoder without a class layer: ConvNeXt-B has 87,566,464 parameters and 15.4 G at 224 x 224, 20.1 G at 256 x 256. */
export function encoderCost({ dims, depths, inputSize }: Omit<ConvNextConfig, 'layerScale'>): NetworkCost {
  const counter = new Counter();
  let side = Math.floor(inputSize / 4);
  let before = dims[0] ?? 0;
  counter.convolution(4, 3, before, side);
  counter.vector(before, 2);
  depths.forEach((depth, stage) => {
    const dim = dims[stage] ?? 0;
    if (stage > 0) {
      side = Math.floor(side / 2);
      counter.vector(before, 2);
      counter.convolution(2, before, dim, side);
    }
    for (let block = 0; block < depth; block++) {
      counter.convolution(7, 1, dim, side); // depthwise: one input channel for each output
      counter.vector(dim, 2);
      counter.convolution(1, dim, 4 * dim, side);
      counter.convolution(1, 4 * dim, dim, side);
      counter.vector(dim);
    }
    before = dim;
  });
  counter.vector(before, 2);
  return counter.cost;
}
