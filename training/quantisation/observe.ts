// What a network's inner values are on some pictures: the network with those values as further outputs, run by onnxruntime.
import { InferenceSession, Tensor as OnnxTensor } from 'onnxruntime-node';
import type { Tensor } from 'skyfix/engines';
import type { GraphParts } from 'skyfix/onnx';
import { count, type Extremes, emptyHistogram, type Histogram } from './histogram.js';

/** What a value was over some pictures. */
export interface Observed {
  readonly extremes: Extremes;
  readonly histogram: Histogram;
  /** Mean of each channel: axis 1 of images, the last axis of everything else. */
  readonly channelMeans: Float64Array;
}

/** A session on the CPU; the same numbers from any number of threads are not promised. */
export const openSession = (model: Uint8Array, threads: number): Promise<InferenceSession> =>
  InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });

/** All outputs of a session with one input. */
export async function runSession(session: InferenceSession, { data, shape }: Tensor) {
  return session.run({ [session.inputNames[0] ?? '']: new OnnxTensor('float32', data, shape) });
}

/** Values of a network over pictures, which it goes over twice. */
export async function observe(
  graph: GraphParts,
  names: readonly string[],
  pictures: readonly Tensor[],
  threads: number,
): Promise<ReadonlyMap<string, Observed>> {
  const [ofInput, inner] = [names.filter((name) => graph.inputs.includes(name)), new Set(names)];
  for (const name of ofInput) inner.delete(name);
  const wanted = [...inner].filter((name) => !graph.outputs.includes(name));
  const model = graph.with({ nodes: graph.nodes.map(({ bytes }) => bytes), outputs: wanted });
  const session = await openSession(model, threads);
  const each = async (look: (name: string, values: Float32Array, shape: readonly number[]) => void) => {
    for (const picture of pictures) {
      for (const name of ofInput) look(name, picture.data, picture.shape);
      const outputs = await runSession(session, picture);
      for (const name of inner) {
        const value = outputs[name];
        if (value?.data instanceof Float32Array) look(name, value.data, value.dims);
      }
    }
  };
  try {
    const extremes = new Map<string, Seen>();
    await each((name, values, shape) => extremes.set(name, extended(extremes.get(name), values, shape)));
    const histograms = new Map<string, Histogram>();
    for (const [name, found] of extremes) histograms.set(name, emptyHistogram(found));
    await each((name, values) => {
      const histogram = histograms.get(name);
      if (histogram) count(histogram, values);
    });
    return new Map(
      [...extremes].map(([name, found]) => {
        const histogram = histograms.get(name) ?? emptyHistogram(found);
        const channelMeans = found.channelSums.map((sum) => sum / found.pictures);
        return [name, { extremes: found, histogram, channelMeans }];
      }),
    );
  } finally {
    await session.release();
  }
}

interface Seen extends Extremes {
  /** Of each picture's mean. */
  readonly channelSums: Float64Array;
  readonly pictures: number;
}

function extended(before: Seen | undefined, values: Float32Array, shape: readonly number[]): Seen {
  const isImage = shape.length === 4;
  const channels = (isImage ? shape[1] : shape.at(-1)) ?? 1;
  const inner = isImage ? (shape[2] ?? 1) * (shape[3] ?? 1) : 1;
  const channelSums = before?.channelSums ?? new Float64Array(channels);
  const share = channels / Math.max(1, values.length);
  let [low, high] = [before?.low ?? Number.POSITIVE_INFINITY, before?.high ?? Number.NEGATIVE_INFINITY];
  for (let at = 0, row = 0; at < values.length; at += inner, row++) {
    let sum = 0;
    for (let i = at; i < at + inner; i++) {
      const value = values[i] as number;
      sum += value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    const channel = row % channels;
    channelSums[channel] = (channelSums[channel] as number) + sum * share;
  }
  return { low, high, channelSums, pictures: (before?.pictures ?? 0) + 1 };
}
