// TensorFlow keeps filters as [height, width, in, out] and linear weights as [in, out]; PyTorch, ONNX and published
// checkpoints keep [out, in, height, width] and [out, in].
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

/** The shape of one parameter in PyTorch's layout. */
export function toTorchShape(name: string, shape: readonly number[]): readonly number[] {
  return orderOf(name, shape.length).map((axis) => shape[axis] ?? 1);
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

/** Many parameters back from PyTorch's layout, of which the order of axes is told by their names. */
export const ownLayout = (arrays: Readonly<Record<string, NamedArray>>): Record<string, NamedArray> =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, fromTorchLayout(name, array)]));

/** Many parameters in PyTorch's layout. */
export const torchLayout = (arrays: Readonly<Record<string, NamedArray>>): Record<string, NamedArray> =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, toTorchLayout(name, array)]));
