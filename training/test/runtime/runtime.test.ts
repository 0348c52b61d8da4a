// The runtime's settings. TensorFlow loads once a process, so each case has a process of its own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const dist = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** Runs statements that may use the runtime and the networks; what they print. */
function inProcess(statements: string, environment: NodeJS.ProcessEnv = {}): string {
  const script = `
    import { configureRuntime, runtimeText, tf } from ${JSON.stringify(join(dist, 'runtime/index.js'))};
    import * as networks from ${JSON.stringify(join(dist, 'networks/index.js'))};
    import { normal } from ${JSON.stringify(join(dist, 'test/support/finite-differences.js'))};
    const codeOf = (body) => { try { body(); return 'none'; } catch (error) { return error.code + ' ' + error.message; } };
    ${statements}`;
  const { TF_NUM_INTRAOP_THREADS: _, TF_SET_ONEDNN_FPMATH_MODE: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...env, ...environment },
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

/** Two encoders of the same seed after four steps: "equal" where every bit of their weights is. */
const TRAIN_TWICE = `
  const weights = [1, 1].map((seed) => {
    const encoder = networks.createConvNext({ dims: [32, 64, 64, 64], depths: [1, 1, 1, 1], layerScale: 1, inputSize: 64 }, seed);
    const generator = networks.createGenerator({ baseFilters: 16, blocks: 1, inputSize: 64 }, seed);
    const adams = [encoder, generator].map(({ params }) => new networks.Adam(params));
    for (let step = 0; step < 4; step++) {
      const images = normal([8, 64, 64, 3], step, 0.3);
      const { grads } = networks.valueAndFlatGrads(
        () => ({ loss: encoder.apply(generator.apply(images)).mul(normal([8, 64], 50 + step)).sum() }),
        [encoder.params, generator.params],
      );
      adams.forEach((adam, i) => adam.step(grads[i], 1e-3));
    }
    return Buffer.concat([encoder, generator].map(({ params }) => Buffer.from(params.vector.dataSync().buffer)));
  });
  console.log(weights[0].equals(weights[1]) ? 'equal' : 'different');`;

describe('runtime settings', () => {
  test('are taken as configured, after the networks are imported and before TensorFlow computes', () => {
    const text = inProcess(`
      configureRuntime({ threads: 1, math: 'bf16' });
      console.log(tf.tensor1d([1, 2]).sum().dataSync()[0], runtimeText(), process.env.TF_SET_ONEDNN_FPMATH_MODE);`);
    assert.match(text, /^3 tfjs-node-gpu [\d.]+, device cpu, 1 thread, bf16, .* BF16$/);
  });

  test("come from TensorFlow's own variables where nothing is configured", () => {
    const text = inProcess('console.log(tf.getBackend(), runtimeText());', {
      TF_NUM_INTRAOP_THREADS: '3',
      TF_SET_ONEDNN_FPMATH_MODE: 'BF16',
    });
    assert.match(text, /device cpu, 3 threads, bf16/);
  });

  test('cannot change once TensorFlow is loaded; the same ones may be given again', () => {
    const text = inProcess(`
      configureRuntime({ threads: 2 });
      tf.scalar(1).dataSync();
      console.log(codeOf(() => configureRuntime({ threads: 2, device: 'cpu', math: 'float32' })));
      console.log(codeOf(() => configureRuntime({ math: 'bf16' })));`);
    const [same, other] = text.split('\n');
    assert.equal(same, 'none');
    assert.match(
      other ?? '',
      /^TRAINING_CONFIG_INVALID .*device cpu, 2 threads, float32 .*2 threads, bf16 in the same process/,
    );
  });

  test('threads that are no number of threads are refused', () => {
    assert.match(
      inProcess('console.log(codeOf(() => configureRuntime({ threads: 0 })));'),
      /^TRAINING_CONFIG_INVALID/,
    );
  });

  test('without a GPU, cuda is refused with what to do', {
    skip: process.env.SKYFIX_DEVICE === 'cuda',
  }, () => {
    const text = inProcess(
      `configureRuntime({ device: 'cuda' }); console.log(codeOf(() => tf.getBackend()));`,
    );
    assert.match(text, /^TRAINING_CONFIG_INVALID .*finds no GPU.*--cuda/);
  });
});

describe('the same seed gives the same weights, bit for bit', () => {
  for (const [math, threads] of [
    ['float32', 2],
    ['float32', 3],
    ['bf16', 2],
  ] as const) {
    test(`${math}, ${threads} threads`, () => {
      const configure = `configureRuntime({ math: '${math}', threads: ${threads} });`;
      assert.equal(inProcess(configure + TRAIN_TWICE), 'equal');
    });
  }
});
