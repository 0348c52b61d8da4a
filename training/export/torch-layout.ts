// TensorFlow keeps filters as [height, width, in, out] and linear weights as [in, out]; PyTorch, ONNX and published
// checkpoints keep [out, in, height, width] and [out, in].
import { SkyfixError } from 'skyfix/errors';
import type { NamedArray } from '../networks/index.js';

/** Moves axes: result axis i is source axis `order[i]`. */
function permute({ shape, data }: NamedArray, order: readonly number[]): NamedArray {
  const target = order.map((axis) => shape[axis] ?? 1);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const moved = new Float32Array(data.length);
  const index = target.map(() => 0);
  const step = order.map((axis) => strides[axis] ?? 1);
  let source = 0;
  for (let i = 0; i < moved.length; i++) {
    moved[i] = data[source] ?? 0;
    for (let axis = target.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      source += step[axis] ?? 0;
      if ((index[axis] ?? 0) < (target[axis] ?? 0)) break;
      source -= (step[axis] ?? 0) * (target[axis] ?? 0);
      index[axis] = 0;
    }
  }
  return { shape: target, data: moved };
}

/** The axis order from TensorFlow's to PyTorch's layout; for transposed convolutions [h, w, out, in] → [in, out, h, w]. */
function orderOf(name: string, rank: number): readonly number[] {
  if (rank === 4) return name.endsWith('conv_dw.weight') ? [2, 3, 0, 1] : [3, 2, 0, 1];
  return rank === 2 ? [1, 0] : [0];
}

/** One parameter in PyTorch's layout. */
export function toTorchLayout(name: string, array: NamedArray): NamedArray {
  return array.shape.length === 1 ? array : permute(array, orderOf(name, array.shape.length));
}

/** One parameter back from PyTorch's layout. */
export function fromTorchLayout(name: string, array: NamedArray): NamedArray {
  const order = orderOf(name, array.shape.length);
  if (array.shape.length === 1) return array;
  return permute(
    array,
    order.map((_, axis) => order.indexOf(axis)),
  );
}

/**
 * timm's ConvNeXt names for a state dict that has timm's or torchvision's; entries of the classifier are dropped.
 * torchvision: features.0 is the stem, features.{1,3,5,7} the stages, features.{2,4,6} the downsamplings.
 */
export function toTimmNames(arrays: Readonly<Record<string, NamedArray>>): Record<string, NamedArray> {
  const renamed: Record<string, NamedArray> = {};
  for (const [name, array] of Object.entries(arrays)) {
    const timm = timmName(name.replace(/^(model|module)\./, ''));
    if (timm === undefined) continue;
    if (renamed[timm]) throw new SkyfixError('DATASET_INVALID', `Two weights are named ${timm}.`);
    // torchvision keeps the layer scale as [C, 1, 1].
    renamed[timm] = timm.endsWith('.gamma') ? { shape: [array.data.length], data: array.data } : array;
  }
  return renamed;
}

const TORCHVISION_BLOCK: Readonly<Record<string, string>> = {
  'block.0': 'conv_dw',
  'block.2': 'norm',
  'block.3': 'mlp.fc1',
  'block.5': 'mlp.fc2',
};

function timmName(name: string): string | undefined {
  if (/^(head\.fc|classifier\.2|logit_scale)/.test(name)) return undefined;
  const top = /^classifier\.0\.(.*)$/.exec(name);
  if (top) return `head.norm.${top[1]}`;
  const feature = /^features\.(\d)\.(\d+)\.(.*)$/.exec(name);
  if (!feature) return name;
  const [, group, item, rest = ''] = feature;
  const stage = Math.floor((Number(group) - 1) / 2);
  if (group === '0') return `stem.${item}.${rest}`;
  if (Number(group) % 2 === 0) return `stages.${Number(group) / 2}.downsample.${item}.${rest}`;
  if (rest === 'layer_scale') return `stages.${stage}.blocks.${item}.gamma`;
  const part = /^(block\.\d)\.(.*)$/.exec(rest);
  return `stages.${stage}.blocks.${item}.${TORCHVISION_BLOCK[part?.[1] ?? ''] ?? part?.[1]}.${part?.[2]}`;
}
