// A network of every kind of layer that is quantised, and what its quantised form computes, in whole numbers and plain loops.
import { OnnxGraph } from 'skyfix/onnx';

export const SIDE = 12;
const CHANNELS = 8;
export const DIMENSIONS = 16;

/** Numbers from -1 to 1, the same every time. */
export function noise(count: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/**
 * image [N, 3, 12, 12] → 3 x 3 convolution, clipping to 0..6 → depthwise 3 x 3, ReLU → 1 x 1 → the sum with what was clipped →
 * means → product with a matrix → unit length.
 */
export function smallNetwork(seed = 1): Uint8Array {
  const graph = new OnnxGraph('small');
  const image = graph.input('image', ['N', 3, SIDE, SIDE]);
  const constant = (name: string, shape: readonly number[], size: number, at: number) =>
    graph.constant(
      name,
      shape,
      noise(
        shape.reduce((a, b) => a * b, 1),
        seed + at,
      ).map((v) => v * size),
    );
  const conv = (x: string, name: string, shape: readonly number[], group: number, size: number) =>
    graph.node(
      'Conv',
      [
        x,
        constant(`${name}.w`, shape, size, shape.length + group),
        constant(`${name}.b`, [CHANNELS], 0.3, 31 + group),
      ],
      { kernel_shape: shape.slice(2), group, ...(shape[2] === 3 && { pads: [1, 1, 1, 1] }) },
      name,
    );
  const bound = (name: string, value: number) => graph.constant(name, [], Float32Array.of(value));
  const first = conv(image, 'first', [CHANNELS, 3, 3, 3], 1, 0.9);
  const clipped = graph.node('Clip', [first, bound('zero', 0), bound('six', 6)], {}, 'clipped');
  const depthwise = conv(clipped, 'depthwise', [CHANNELS, 1, 3, 3], CHANNELS, 0.5);
  const cut = graph.node('Relu', [depthwise], {}, 'cut');
  const linear = conv(cut, 'linear', [CHANNELS, CHANNELS, 1, 1], 1, 0.6);
  const sum = graph.node('Add', [linear, clipped], {}, 'sum');
  const pooled = graph.node('Flatten', [graph.node('GlobalAveragePool', [sum])], { axis: 1 }, 'pooled');
  const product = graph.node(
    'MatMul',
    [pooled, constant('m.w', [CHANNELS, DIMENSIONS], 1, 7)],
    {},
    'product',
  );
  graph.output(graph.node('LpNormalization', [product], { axis: 1, p: 2 }, 'descriptor'), ['N', DIMENSIONS]);
  return graph.encode();
}

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Int8Array | Uint8Array;
}

/** The initializers of an ONNX file by their names, read by a reader of its own. */
export function initializersOf(model: Uint8Array): ReadonlyMap<string, StoredTensor> {
  const found = new Map<string, StoredTensor>();
  for (const [id, graph] of fields(model)) {
    if (id !== 7) continue;
    for (const [within, tensor] of fields(graph)) {
      if (within !== 5) continue;
      const parts = fields(tensor);
      const raw = new Uint8Array(parts.find(([key]) => key === 9)?.[1] ?? []).buffer;
      const name = new TextDecoder().decode(parts.find(([key]) => key === 8)?.[1]);
      const [type = 0] = varints(parts.find(([key]) => key === 2)?.[1]);
      const shape = parts.filter(([key]) => key === 1).flatMap(([, dims]) => varints(dims));
      const arrays = { 1: Float32Array, 2: Uint8Array, 3: Int8Array, 6: Int32Array };
      const Kind = arrays[type as keyof typeof arrays];
      if (Kind) found.set(name, { shape, values: new Kind(raw) });
    }
  }
  return found;
}

/** Fields of a protobuf message; of varints their own bytes. */
function fields(message: Uint8Array): [id: number, value: Uint8Array][] {
  const list: [number, Uint8Array][] = [];
  let at = 0;
  const varint = () => {
    let [value, scale, byte] = [0, 1, 0];
    do {
      byte = message[at++] ?? 0;
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte > 127);
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const start = at;
    const kind = tag & 7;
    const length = kind === 2 ? varint() : 0;
    const from = kind === 2 ? at : start;
    if (kind === 0) varint();
    else at += kind === 2 ? length : kind === 1 ? 8 : 4;
    list.push([tag >>> 3, message.subarray(from, at)]);
  }
  return list;
}

function varints(bytes: Uint8Array = new Uint8Array()): number[] {
  const values: number[] = [];
  let [value, scale] = [0, 1];
  for (const byte of bytes) {
    value += (byte & 127) * scale;
    scale *= 128;
    if (byte > 127) continue;
    values.push(value);
    [value, scale] = [0, 1];
  }
  return values;
}

interface Bytes {
  readonly data: Int32Array;
  readonly scale: number;
  readonly zero: number;
}

/** Half goes to the even number, as ONNX's QuantizeLinear has it. */
export function toEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

/**
 * What the quantised small network computes of one image: every value that is in 8 bits, as the numbers that the bytes stand
 * for, and the descriptor. Sums are of whole numbers, exact.
 */
export function integerReference(
  model: Uint8Array,
  image: Float32Array,
): Readonly<Record<string, Float32Array>> {
  const stored = initializersOf(model);
  const tensor = (name: string) => {
    const found = stored.get(name);
    if (!found) throw new Error(`the file has no ${name}`);
    return found;
  };
  const number = (name: string) => tensor(name).values[0] as number;
  const round = (name: string, values: ArrayLike<number>): Bytes => {
    const [scale, zero] = [number(`${name}.scale`), number(`${name}.zero`)];
    const byte = (value: number) => Math.min(255, Math.max(0, toEven(value / scale) + zero));
    return { data: Int32Array.from(values, byte), scale, zero };
  };
  const back = ({ data, scale, zero }: Bytes) => Float32Array.from(data, (byte) => (byte - zero) * scale);
  const layer = (x: Bytes, name: string, output: string): Bytes => {
    const { shape, values: weights } = tensor(`${name}.weight.bytes`);
    const [out = 0, perGroup = 0, kernel = 0] = shape;
    const scales = tensor(`${name}.weight.scales`).values;
    const bias = tensor(`${name}.bias.bytes`).values;
    const pad = (kernel - 1) / 2;
    const groups = x.data.length / (SIDE * SIDE) / perGroup;
    const values = new Float64Array(out * SIDE * SIDE);
    for (let o = 0; o < out; o++) {
      const from = Math.floor(o / (out / groups)) * perGroup;
      for (let row = 0; row < SIDE; row++) {
        for (let column = 0; column < SIDE; column++) {
          let total = bias[o] as number;
          for (let c = 0; c < perGroup; c++) {
            for (let i = 0; i < kernel; i++) {
              for (let j = 0; j < kernel; j++) {
                const [y, z] = [row + i - pad, column + j - pad];
                if (y < 0 || z < 0 || y >= SIDE || z >= SIDE) continue;
                const byte = x.data[((from + c) * SIDE + y) * SIDE + z] as number;
                total +=
                  (byte - x.zero) * (weights[((o * perGroup + c) * kernel + i) * kernel + j] as number);
              }
            }
          }
          values[(o * SIDE + row) * SIDE + column] = total * x.scale * (scales[o] as number);
        }
      }
    }
    return round(output, values);
  };
  const clipped = layer(round('image', image), 'first', 'clipped');
  const cut = layer(clipped, 'depthwise', 'cut');
  const linear = layer(cut, 'linear', 'linear');
  const [a, b] = [back(linear), back(clipped)];
  const sum = back(
    round(
      'sum',
      a.map((value, k) => value + (b[k] as number)),
    ),
  );
  const area = SIDE * SIDE;
  const pooled = Float32Array.from({ length: CHANNELS }, (_, c) =>
    sum.subarray(c * area, (c + 1) * area).reduce((total, value) => total + value / area, 0),
  );
  const bytes = round('pooled', pooled);
  const weights = tensor('product.weight.bytes').values;
  const scales = tensor('product.weight.scales').values;
  const product = Float64Array.from({ length: DIMENSIONS }, (_, d) => {
    let total = 0;
    for (let c = 0; c < CHANNELS; c++) {
      total += ((bytes.data[c] as number) - bytes.zero) * (weights[c * DIMENSIONS + d] as number);
    }
    return total * bytes.scale * (scales[d] as number);
  });
  const length = Math.hypot(...product);
  return {
    clipped: back(clipped),
    cut: back(cut),
    linear: back(linear),
    sum,
    descriptor: Float32Array.from(product, (value) => value / length),
  };
}
