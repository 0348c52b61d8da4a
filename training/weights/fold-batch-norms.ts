// EfficientNet-Lite's published parameters (names as in lukemelas/EfficientNet-PyTorch) with every batch norm folded into the
// convolution before it, under the names that networks/efficientnet-lite.ts has.
import { SkyfixError } from 'skyfix/errors';
import { type EfficientNetLiteName, efficientNetLiteBlocks, type NamedArray } from '../networks/index.js';

type Arrays = Readonly<Record<string, NamedArray>>;

/** Of TensorFlow's EfficientNets; PyTorch's own default is 1e-5. */
const BATCH_NORM_EPSILON = 1e-3;

/**
 * Weights and biases of stem and blocks in PyTorch's layout, [out, in, k, k] and [out]; the classifier and the convolution in
 * front of it are left out. Throws WEIGHTS_INVALID naming `source` where a tensor is missing or of another shape.
 */
export function foldBatchNorms(
  name: EfficientNetLiteName,
  arrays: Arrays,
  source: string,
): Record<string, NamedArray> {
  const folded: Record<string, NamedArray> = {};
  const fold = (to: string, conv: string, norm: string) => {
    const [weight, bias] = foldedConvolution(arrays, conv, norm, source);
    folded[`${to}.weight`] = weight;
    folded[`${to}.bias`] = bias;
  };
  fold('stem', '_conv_stem', '_bn0');
  efficientNetLiteBlocks(name).forEach(({ expand }, index) => {
    const [from, to] = [`_blocks.${index}`, `blocks.${index}`];
    if (expand !== 1) fold(`${to}.conv_pw`, `${from}._expand_conv`, `${from}._bn0`);
    fold(`${to}.conv_dw`, `${from}._depthwise_conv`, `${from}._bn1`);
    fold(`${to}.conv_pwl`, `${from}._project_conv`, `${from}._bn2`);
  });
  return folded;
}

/** y = γ·(w∗x − μ)/√(σ² + ε) + β = (γ/√(σ² + ε)·w)∗x + (β − γ·μ/√(σ² + ε)) */
function foldedConvolution(
  arrays: Arrays,
  conv: string,
  norm: string,
  source: string,
): [NamedArray, NamedArray] {
  const stored = (key: string, size?: number): NamedArray => {
    const array = arrays[key];
    if (array && (size === undefined || array.data.length === size)) return array;
    const found = array ? `has [${array.shape.join(', ')}]` : 'is not in it';
    throw new SkyfixError(
      'WEIGHTS_INVALID',
      `${source}: ${key} ${found}; this is no such EfficientNet-Lite.`,
    );
  };
  const { shape, data } = stored(`${conv}.weight`);
  const out = shape[0] ?? 0;
  const [gamma, beta, mean, variance] = ['weight', 'bias', 'running_mean', 'running_var'].map(
    (part) => stored(`${norm}.${part}`, out).data,
  );
  const each = data.length / out;
  const weight = new Float32Array(data.length);
  const bias = new Float32Array(out);
  for (let channel = 0; channel < out; channel++) {
    const scale = (gamma?.[channel] ?? 0) / Math.sqrt((variance?.[channel] ?? 0) + BATCH_NORM_EPSILON);
    bias[channel] = (beta?.[channel] ?? 0) - scale * (mean?.[channel] ?? 0);
    for (let i = channel * each; i < (channel + 1) * each; i++) weight[i] = scale * (data[i] ?? 0);
  }
  return [
    { shape, data: weight },
    { shape: [out], data: bias },
  ];
}
