import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encoderCost, generatorCost, gridEncoderCost } from '../../evaluation/network-cost.js';
import {
  CONVNEXT_SIZES,
  createConvNext,
  createGenerator,
  createGridEncoder,
  efficientNetLite,
  featureChannels,
  identityConvolution,
  PROFILES,
  plainHead,
} from '../../networks/index.js';

const giga = (value: number) => value / 1e9;

describe('operations are the published ones', () => {
  // Liu et al. 2022, table 1: FLOPs at 224 x 224 with the 1000-class layer (1000 x the last width).
  const published = { tiny: 4.5, small: 8.7, base: 15.4 };
  for (const [size, expected] of Object.entries(published)) {
    it(`ConvNeXt ${size}: ${expected} G at 224 x 224`, () => {
      const { dims, depths } = CONVNEXT_SIZES[size as keyof typeof published];
      const { flops } = encoderCost({ dims, depths, inputSize: 224 });
      assert.equal(giga(flops + 1000 * dims[3]).toFixed(1), expected.toFixed(1));
    });
  }
  it('ConvNeXt-L: 34.4 G and 198 M parameters', () => {
    const { parameters, flops } = encoderCost({
      dims: [192, 384, 768, 1536],
      depths: [3, 3, 27, 3],
      inputSize: 224,
    });
    assert.equal(giga(flops).toFixed(1), '34.4');
    assert.equal(Math.round((parameters + 1537 * 1000) / 1e6), 198);
  });
  it('the paper profile: ConvNeXt-B 20.1 G at 256 x 256', () => {
    const { parameters, flops } = encoderCost(PROFILES.paper.encoder);
    assert.equal(parameters, 87_566_464);
    assert.equal(giga(flops).toFixed(1), '20.1');
  });
  // Counted by hooks on the convolutions of efficientnet-lite-pytorch 0.1.0, stem and blocks up to this one.
  const lites = [
    ['efficientnet-lite0', 11, 265_166_048],
    ['efficientnet-lite2', 15, 410_484_368],
  ] as const;
  for (const [trunk, last, counted] of lites) {
    it(`${trunk} up to block ${last} at 224 x 224`, () => {
      const channels = featureChannels(efficientNetLite(trunk).blocks, [last]);
      const head = plainHead(channels, 7);
      assert.equal(gridEncoderCost({ trunk, blocks: [last], head, inputSize: 224 }).flops, counted);
    });
  }
  it("the paper's generator: 11,378,179 parameters, 49.6 G; 56.8 G as thop counts transposed convolutions", () => {
    const { parameters, flops } = generatorCost(PROFILES.paper.generator);
    assert.equal(parameters, 11_378_179);
    assert.equal(giga(flops).toFixed(1), '49.6');
    const transposed = 9 * 256 * 128 * 64 ** 2 + 9 * 128 * 64 * 128 ** 2;
    assert.equal(giga(flops + 3 * transposed).toFixed(1), '56.8');
  });
});

describe('parameters are those of the networks that are built', () => {
  it('a trunk with a head', () => {
    const convNext = { dims: [4, 6, 8, 10], depths: [1, 1, 2, 1], layerScale: 1, inputSize: 64 };
    for (const [trunk, blocks, channels] of [
      ['efficientnet-lite0', [6, 11], 272],
      [convNext, [1, 3], 14],
    ] as const) {
      const head = { ...plainHead(channels, 2), convolution: identityConvolution(channels) };
      const encoder = createGridEncoder({ trunk, blocks, head, tunesTrunk: true });
      const { parameters } = gridEncoderCost({ trunk, blocks, head, inputSize: 64 });
      assert.equal(parameters, encoder.params.count + 2 * channels); // and the standardisation
      encoder.dispose();
    }
  });
  it('generator', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 3 }), (baseFilters, blocks) => {
        const config = { baseFilters, blocks, inputSize: 32 };
        const { params } = createGenerator(config, 1);
        assert.equal(generatorCost(config).parameters, params.count);
        params.dispose();
      }),
      { numRuns: 10 },
    );
  });
  it('encoder', () => {
    const four = (max: number) => fc.array(fc.integer({ min: 1, max }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(four(12), four(3), (dims, depths) => {
        const config = { dims, depths, layerScale: 1, inputSize: 64 };
        const { params } = createConvNext(config, 1);
        assert.equal(encoderCost(config).parameters, params.count);
        params.dispose();
      }),
      { numRuns: 10 },
    );
  });
});
