// Parameters and operations of the networks, from their configuration alone (the paper's table 3).
// "FLOPs" is what the field's tables print under that name: multiplications with their addition, counted once, of
// convolutions and matrix products. Norms, activations and sums are left out, as there.
import {
  type ConvNextConfig,
  type EfficientNetLiteName,
  efficientNetLiteBlocks,
  type GeneratorConfig,
  type GridEncoder,
  headSizes,
  layersOf,
} from '../networks/index.js';

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
export function encoderCost(config: ConvNextSizes): NetworkCost {
  const counter = new Counter();
  convNextCost(counter, config, Number.POSITIVE_INFINITY);
  counter.vector(config.dims[config.depths.length - 1] ?? 0, 2);
  return counter.cost;
}

type ConvNextSizes = Omit<ConvNextConfig, 'layerScale'>;

/** ConvNeXt up to block `last`, counted through all stages. */
function convNextCost(counter: Counter, { dims, depths, inputSize }: ConvNextSizes, last: number): void {
  let side = Math.floor(inputSize / 4);
  let before = dims[0] ?? 0;
  let index = 0;
  counter.convolution(4, 3, before, side);
  counter.vector(before, 2);
  depths.forEach((depth, stage) => {
    const dim = dims[stage] ?? 0;
    if (stage > 0 && index <= last) {
      side = Math.floor(side / 2);
      counter.vector(before, 2);
      counter.convolution(2, before, dim, side);
    }
    for (let block = 0; block < depth && index <= last; block++, index++) {
      counter.convolution(7, 1, dim, side); // depthwise: one input channel for each output
      counter.vector(dim, 2);
      counter.convolution(1, dim, 4 * dim, side);
      counter.convolution(1, 4 * dim, dim, side);
      counter.vector(dim);
    }
    before = dim;
  });
}

/** A trunk up to its last block that is used, and its head, for one image of the head's size. */
export function gridEncoderCost({ trunk, blocks, head, inputSize }: GridCostInput): NetworkCost {
  const counter = new Counter();
  const last = Math.max(...blocks);
  if (typeof trunk === 'string') liteCost(counter, trunk, last, inputSize);
  else convNextCost(counter, { ...trunk, inputSize }, last);
  const { features, channels, cells, window, dimensions } = headSizes(head);
  counter.vector(features, 2);
  if (head.convolution) counter.convolution(1, features, channels, cells);
  if (head.projection) counter.convolution(1, window, dimensions, 1);
  return counter.cost;
}

type GridCostInput = Pick<GridEncoder, 'trunk' | 'blocks' | 'inputSize'> & {
  readonly head: ReturnType<GridEncoder['head']>;
};

function liteCost(counter: Counter, name: EfficientNetLiteName, last: number, inputSize: number): void {
  counter.convolution(3, 3, 32, inputSize / 2);
  efficientNetLiteBlocks(name)
    .slice(0, last + 1)
    .forEach((block, index) => {
      const { expand, depthwise, project } = layersOf(block, index);
      const side = inputSize / block.stridePx;
      if (expand) counter.convolution(1, expand.shape[2], expand.shape[3], side * block.stride);
      counter.convolution(block.kernel, 1, depthwise.shape[2], side); // a filter a channel
      counter.convolution(1, project.shape[2], project.shape[3], side);
    });
}
