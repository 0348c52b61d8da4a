// A bundle's graphs as weights to start from: what was exported comes back.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHalves, unpackHalves } from 'skyfix/onnx';
import {
  exportEncoderOnnx,
  exportGeneratorOnnx,
  loadPretrainedEncoder,
  loadPretrainedGenerator,
} from '../../export/index.js';
import { createConvNext, createGenerator } from '../../networks/index.js';

const ENCODER = { dims: [4, 40, 8, 10], depths: [1, 1, 2, 1], layerScale: 1, inputSize: 64 };
const GENERATOR = { baseFilters: 6, blocks: 2, inputSize: 16 };

const asHalf = (data: Float32Array) => {
  const halved = Float32Array.from(data);
  if (data.length >= 1024) unpackHalves(toHalves(data), halved);
  return halved;
};

describe('the graph of an encoder', () => {
  for (const half of [false, true]) {
    test(half ? 'whose large weights are float16' : 'gives the same weights', () => {
      const from = createConvNext(ENCODER, 3);
      const graph = exportEncoderOnnx(from.params.toArrays(), ENCODER, half);
      const to = createConvNext(ENCODER, 4);
      loadPretrainedEncoder(to.params, graph, 'bundle/encoder.onnx');
      const found = to.params.toArrays();
      let large = 0;
      for (const [name, { shape, data }] of Object.entries(from.params.toArrays())) {
        assert.deepEqual(found[name]?.shape, shape, name);
        assert.deepEqual(found[name]?.data, half ? asHalf(data) : data, name);
        if (data.length >= 1024) large++;
      }
      assert.ok(large >= 2, 'some are large enough to be halved');
    });
  }

  test('of another size is refused with what differs', () => {
    const from = createConvNext(ENCODER, 3);
    const graph = exportEncoderOnnx(from.params.toArrays(), ENCODER);
    const load = (depths: number[], dims = ENCODER.dims) =>
      assert.throws(
        () => loadPretrainedEncoder(createConvNext({ ...ENCODER, depths, dims }, 1).params, graph, 'e.onnx'),
        ({ code, message }: Error & { code: string }) =>
          code === 'WEIGHTS_INVALID' && /e\.onnx: /.test(message) && /stages\.[0-3]/.test(message),
      );
    load([1, 1, 1, 1]);
    load([1, 1, 3, 1]);
    load([1, 1, 2, 1], [4, 40, 9, 10]);
  });

  test('of another network, or no graph at all, is refused', () => {
    const net = createConvNext(ENCODER, 3);
    const generator = exportGeneratorOnnx(createGenerator(GENERATOR, 1).params.toArrays(), GENERATOR);
    assert.throws(() => loadPretrainedEncoder(net.params, generator, 'g.onnx'), {
      code: 'WEIGHTS_INVALID',
      message: /g\.onnx: no constant of this graph has the name/,
    });
    assert.throws(() => loadPretrainedEncoder(net.params, Buffer.from('PK not a graph'), 'x.onnx'), {
      code: 'WEIGHTS_INVALID',
      message: /x\.onnx: /,
    });
  });
});

test('the graph of a generator gives the same weights; biases that an instance norm takes away are 0', () => {
  const from = createGenerator(GENERATOR, 3);
  const to = createGenerator(GENERATOR, 4);
  loadPretrainedGenerator(
    to.params,
    GENERATOR.blocks,
    exportGeneratorOnnx(from.params.toArrays(), GENERATOR, true),
    'g.onnx',
  );
  const found = to.params.toArrays();
  for (const [name, { data }] of Object.entries(from.params.toArrays())) {
    const cancels = name.endsWith('.bias') && name !== 'out.bias';
    assert.deepEqual(found[name]?.data, cancels ? new Float32Array(data.length) : asHalf(data), name);
  }
});
