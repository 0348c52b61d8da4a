// The grid encoder: TensorFlow's and onnxruntime's against loops over plain numbers.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Scalar, Tensor4D } from '@tensorflow/tfjs-node-gpu';
import * as ort from 'onnxruntime-node';
import { seededRandom } from 'skyfix/random';
import { exportGridOnnx } from '../../export/index.js';
import {
  centredCellWeights,
  createGridEncoder,
  featureChannels,
  type GridEncoder,
  type GridHead,
  headRows,
  headSizes,
  identityConvolution,
  normalNumbers,
  seenShares,
  type TrunkKind,
  trunkDesign,
  UNIT_LENGTH_EPSILON,
  unitCellWeights,
} from '../../networks/index.js';
import { tf } from '../../runtime/index.js';
import { assertParameterGradient } from '../support/finite-differences.js';

const CELLS = 2;
const CONVNEXT = { dims: [4, 6, 8, 10], depths: [1, 1, 2, 1], layerScale: 1, inputSize: 64 };

const random = (count: number, seed: number, deviation = 1) =>
  normalNumbers(seededRandom(seed), count, deviation);

interface HeadKind {
  readonly pooling: 'grid' | 'mean';
  readonly convolution?: number;
  readonly projection?: number;
}

function headOf(features: number, { pooling, convolution, projection }: HeadKind): GridHead {
  const channels = convolution ?? features;
  const window = pooling === 'mean' ? channels : CELLS * CELLS * channels;
  return {
    mean: random(features, 1),
    deviation: random(features, 2).map((value) => 1 + Math.abs(value)),
    ...(convolution && {
      convolution: {
        weight: { shape: [convolution, features], data: random(convolution * features, 3, 0.3) },
        bias: random(convolution, 4),
      },
    }),
    ...(pooling === 'mean' && { pooling }),
    cellWeights: { shape: [CELLS, CELLS], data: Float32Array.of(1, 0.5, 0.25, 2) },
    ...(projection && {
      projection: {
        mean: random(window, 5, 0.05),
        matrix: { shape: [projection, window], data: random(projection * window, 6) },
      },
    }),
  };
}

/** The share of pixels of each 32 × 32 of an image [H, W, 3] that are not black, counted. */
function seenByLoops(image: Float32Array, height: number, width: number): number[] {
  const across = width / 32;
  const seen = new Array<number>((height / 32) * across).fill(0);
  for (let k = 0; k < height * width; k++) {
    const cell = Math.floor(Math.floor(k / width) / 32) * across + Math.floor((k % width) / 32);
    const black = [0, 1, 2].every((c) => image[k * 3 + c] === 0);
    if (!black) seen[cell] = (seen[cell] ?? 0) + 1 / 1024;
  }
  return seen.map((share) => Math.max(share, 0.03));
}

/** Rows of one image's features [h, w, C], written out. */
function rowsByLoops(
  head: GridHead,
  features: Float32Array,
  height: number,
  width: number,
  seen: readonly number[],
): number[][] {
  const { features: count, channels, cells } = headSizes(head);
  const unit = (values: number[]) => {
    const length = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) + UNIT_LENGTH_EPSILON);
    return values.map((value) => value / length);
  };
  const cellAt = (y: number, x: number): number[] => {
    const raw = features.subarray((y * width + x) * count, (y * width + x + 1) * count);
    const standard = Array.from(raw, (v, c) => (v - (head.mean[c] ?? 0)) / (head.deviation[c] ?? 1));
    const { weight, bias } = head.convolution ?? {};
    const mixed = weight
      ? Array.from({ length: channels }, (_, to) =>
          standard.reduce((sum, v, c) => sum + v * (weight.data[to * count + c] ?? 0), bias?.[to] ?? 0),
        )
      : standard;
    return head.pooling === 'mean' ? mixed : unit(mixed);
  };
  const weights = unitCellWeights(head);
  const rows: number[][] = [];
  for (let top = 0; top + cells <= height; top++) {
    for (let left = 0; left + cells <= width; left++) {
      const parts = Array.from(weights, (weight, i) =>
        cellAt(top + Math.floor(i / cells), left + (i % cells)).map(
          (v) => v * weight * (seen[(top + Math.floor(i / cells)) * width + left + (i % cells)] ?? 0),
        ),
      );
      const window =
        head.pooling === 'mean'
          ? Array.from({ length: channels }, (_, c) => parts.reduce((sum, part) => sum + (part[c] ?? 0), 0))
          : parts.flat();
      const shares = Array.from(
        weights,
        (_, i) => seen[(top + Math.floor(i / cells)) * width + left + (i % cells)] ?? 0,
      );
      rows.push(unit(head.projection ? projectedByLoops(head, head.projection, window, shares) : window));
    }
  }
  return rows;
}

/** P times the window; of a grid seen in part, what P's pseudo-inverse makes of whole tiles' descriptors, seen in part, by it. */
function projectedByLoops(
  { pooling }: GridHead,
  { mean, matrix }: NonNullable<GridHead['projection']>,
  window: readonly number[],
  shares: readonly number[],
): number[] {
  const rows = Array.from({ length: matrix.shape[0] ?? 0 }, (_, d) =>
    Array.from(matrix.data.subarray(d * window.length, (d + 1) * window.length)),
  );
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, v, i) => sum + v * (b[i] ?? 0), 0);
  const most = Math.max(...shares);
  const shareOf = (i: number) =>
    pooling === 'mean' ? 1 : (shares[Math.floor((i * shares.length) / window.length)] ?? 0);
  const centred = window.map((v, i) => v - shareOf(i) * (mean[i] ?? 0));
  const y = rows.map((row) => dot(row, centred));
  if (pooling === 'mean') return y;
  // (P⁺)ᵀ M Pᵀ y: the combination of the rows that is nearest to M Pᵀ y, by conjugate gradients on P Pᵀ z = P M Pᵀ y.
  const transposed = (z: readonly number[]) =>
    window.map((_, i) => rows.reduce((sum, row, d) => sum + (row[i] ?? 0) * (z[d] ?? 0), 0));
  const seenPart = transposed(y).map((v, i) => (v * shareOf(i)) / most);
  let z = rows.map(() => 0);
  let rest = rows.map((row) => dot(row, seenPart));
  let along = rest;
  for (let step = 0; step < 4 * rows.length && dot(rest, rest) > 1e-24; step++) {
    const moved = transposed(along);
    const turned = rows.map((row) => dot(row, moved));
    const far = dot(rest, rest) / dot(along, turned);
    z = z.map((v, d) => v + far * (along[d] ?? 0));
    const next = rest.map((v, d) => v - far * (turned[d] ?? 0));
    const keep = dot(next, next) / dot(rest, rest);
    along = next.map((v, d) => v + keep * (along[d] ?? 0));
    rest = next;
  }
  return z;
}

const worst = (found: ArrayLike<number>, wanted: ArrayLike<number>) => {
  assert.equal(found.length, wanted.length);
  return Array.from(found).reduce((most, v, i) => Math.max(most, Math.abs(v - (wanted[i] ?? Number.NaN))), 0);
};

/** Of rows of unit length. */
function lowestCosine(found: Float32Array, wanted: readonly number[], dimensions: number): number {
  assert.equal(found.length, wanted.length);
  const rows = Array.from({ length: found.length / dimensions }, (_, row) =>
    Array.from({ length: dimensions }, (_, d) => row * dimensions + d).reduce(
      (sum, i) => sum + (found[i] ?? 0) * (wanted[i] ?? 0),
      0,
    ),
  );
  return Math.min(...rows);
}

async function byOnnx(bytes: Uint8Array, images: Tensor4D): Promise<ort.Tensor> {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  const [batch, height, width] = images.shape;
  const data = tf.tidy(() => images.transpose([0, 3, 1, 2]).dataSync()) as Float32Array;
  const { descriptor } = await session.run({
    image: new ort.Tensor('float32', data, [batch, 3, height, width]),
  });
  assert.ok(descriptor);
  return descriptor;
}

/** Images of whose first 40 rows, and of whose last cell, nothing is seen. */
function holed(images: Tensor4D): Tensor4D {
  const [, height, width] = images.shape;
  const seen = Float32Array.from({ length: height * width }, (_, k) => {
    const [row, column] = [Math.floor(k / width), k % width];
    return row < 40 || (row >= height - 32 && column >= width - 32) ? 0 : 1;
  });
  return images.mul(tf.tensor3d(seen, [height, width, 1]));
}

/** An encoder of one kind, opened and shut. */
async function using(
  trunk: TrunkKind,
  blocks: readonly number[],
  kind: HeadKind,
  body: (encoder: GridEncoder, head: GridHead) => Promise<void>,
): Promise<void> {
  const head = headOf(featureChannels(trunkDesign(trunk).blocks, blocks), kind);
  const encoder = createGridEncoder({ trunk, blocks, head, seed: 9, tunesTrunk: false });
  await body(encoder, head);
  encoder.dispose();
}

const TRUNKS: readonly [string, TrunkKind, readonly number[]][] = [
  ['EfficientNet-Lite0, blocks 6 and 11', 'efficientnet-lite0', [6, 11]],
  ['ConvNeXt, blocks 1 and 4', CONVNEXT, [1, 4]],
];
const HEADS: readonly HeadKind[] = [
  { pooling: 'grid' },
  { pooling: 'grid', projection: 7 },
  { pooling: 'grid', convolution: 5, projection: 7 },
  { pooling: 'mean', convolution: 5 },
  { pooling: 'mean', projection: 7 },
];

for (const [title, trunk, blocks] of TRUNKS) {
  describe(title, () => {
    for (const kind of HEADS) {
      test(JSON.stringify(kind), async () => {
        await using(trunk, blocks, kind, async (encoder, head) => {
          assert.equal(encoder.inputSize, 64);
          const onnx = { trunk, params: encoder.trunkArrays(), blocks, head };
          for (const [batch, height, width] of [
            [2, 64, 64],
            [2, 128, 96],
          ] as const) {
            const x = holed(tf.randomUniform([batch, height, width, 3], 0, 1, 'float32', 5) as Tensor4D);
            const pixels = x.dataSync() as Float32Array;
            const features = encoder.features(x);
            const each = features.size / batch;
            const maps = features.dataSync() as Float32Array;
            const [, h, w] = features.shape;
            const wanted = [0, 1].flatMap((b) =>
              rowsByLoops(
                head,
                maps.subarray(b * each, (b + 1) * each),
                h,
                w,
                seenByLoops(pixels.slice((b * x.size) / 2, ((b + 1) * x.size) / 2), height, width),
              ).flat(),
            );
            const rows = encoder.apply(x);
            assert.deepEqual(rows.shape, [batch * (h - 1) * (w - 1), encoder.dimensions]);
            assert.ok(worst(rows.dataSync(), wanted) <= 1e-5, 'TensorFlow');
            const fixed = tf.tidy(() => headRows(head, features, seenShares(x)).dataSync());
            assert.ok(worst(fixed, wanted) <= 1e-5, 'TensorFlow, nothing learned');
            const exact = await byOnnx(exportGridOnnx(onnx), x);
            assert.deepEqual([...exact.dims], rows.shape);
            const difference = worst(exact.data as Float32Array, wanted);
            assert.ok(difference <= 1e-4, `onnxruntime: ${difference}`);
            const short = await byOnnx(exportGridOnnx({ ...onnx, half: true }), x);
            const cosine = lowestCosine(short.data as Float32Array, wanted, encoder.dimensions);
            assert.ok(cosine >= 1 - 3e-4, `float16: ${cosine}`); // random weights see little in black ground
            tf.dispose([x, features, rows]);
          }
        });
      });
    }
  });
}

describe('training a grid encoder', () => {
  const trunk = CONVNEXT;
  const blocks = [1, 4];
  const head: GridHead = {
    ...headOf(16, { pooling: 'grid', projection: 7 }),
    convolution: identityConvolution(16),
  };

  for (const tunesTrunk of [false, true]) {
    test(`gradients equal finite differences, ${tunesTrunk ? 'with' : 'without'} the trunk`, () => {
      const encoder = createGridEncoder({ trunk, blocks, head, seed: 3, tunesTrunk });
      assert.equal(encoder.params.has('stem.0.weight'), tunesTrunk);
      const x = holed(tf.randomUniform([2, 64, 64, 3], 0, 1, 'float32', 5) as Tensor4D);
      const probe = tf.randomNormal([2, 7], 0, 1, 'float32', 6);
      const loss = () => encoder.apply(x).mul(probe).sum() as Scalar;
      assertParameterGradient(encoder.params, loss, 1e-2);
      encoder.dispose();
    });
  }
  test('of which nothing is seen there is a descriptor too, of unit length', () => {
    const encoder = createGridEncoder({ trunk, blocks, head, tunesTrunk: false });
    const [row] = encoder.apply(tf.zeros([1, 64, 64, 3]) as Tensor4D).arraySync();
    assert.ok(Math.abs(Math.hypot(...(row ?? [])) - 1) < 1e-4);
    encoder.dispose();
  });
  test('what was learned is in the head, and in the trunk where it was tuned', () => {
    const encoder = createGridEncoder({ trunk, blocks, head, seed: 3, tunesTrunk: true });
    const before = encoder.trunkArrays();
    encoder.params.vector.assign(encoder.params.vector.add(1) as typeof encoder.params.vector);
    const after = encoder.trunkArrays();
    const name = 'stem.0.weight';
    assert.ok(worst(after[name]?.data ?? [], before[name]?.data.map((v) => v + 1) ?? [1]) < 1e-6);
    assert.equal(encoder.head().convolution?.weight.data[1], 1);
    assert.deepEqual(encoder.head().mean, head.mean);
    encoder.dispose();
  });
  test('blocks behind the last one that is used have no parameters', () => {
    const encoder = createGridEncoder({
      trunk,
      blocks: [1],
      head: { ...headOf(6, { pooling: 'grid' }), cellWeights: centredCellWeights(2) },
      tunesTrunk: false,
    });
    assert.deepEqual(
      Object.keys(encoder.trunkArrays()).filter((name) => name.startsWith('stages.2')),
      [],
    );
    assert.equal(encoder.params.count, 0);
    encoder.dispose();
  });
  test('a head for other features, or an image without a window, is refused with its sizes', () => {
    assert.throws(
      () =>
        createGridEncoder({ trunk, blocks: [1], head: headOf(8, { pooling: 'grid' }), tunesTrunk: false }),
      { code: 'WEIGHTS_INVALID', message: /8 channels; blocks \[1\] of the trunk have 6/ },
    );
    const encoder = createGridEncoder({ trunk, blocks, head, tunesTrunk: false });
    assert.throws(
      () => encoder.apply(tf.zeros([1, 32, 64, 3]) as Tensor4D),
      /1 x 2 cells has no window of 2 x 2/,
    );
    encoder.dispose();
  });
});
