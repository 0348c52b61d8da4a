// What an ONNX file declares: inputs, outputs, operators, and where its weights lie.
import type { OnnxDimension } from './build-graph.js';
import { DATA_TYPES, decodeMessage } from './schema.js';

/** An input or output: its name, shape and TensorProto.DataType. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly OnnxDimension[];
  readonly dataType: number;
}

/** What an ONNX file declares, without its weights. */
export interface OnnxSummary {
  readonly opset: number;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly operators: readonly string[];
  /** Number of float32 weights. */
  readonly weights: number;
}

interface DecodedValue {
  name: string;
  type?: { tensorType?: { elemType?: number; shape?: { dim?: { dimValue?: number; dimParam?: string }[] } } };
}

interface DecodedModel {
  opsetImport?: { domain?: string; version: number }[];
  graph?: {
    node?: { opType: string }[];
    initializer?: { name?: string; dims?: number[]; dataType: number }[];
    input?: DecodedValue[];
    output?: DecodedValue[];
  };
}

/** Reads an ONNX file's inputs, outputs and operators. Throws where the bytes are no ONNX file. */
export function readOnnx(bytes: Uint8Array): OnnxSummary {
  const model = decodeMessage('Model', bytes) as DecodedModel;
  const { graph } = model;
  if (!graph) throw new Error('the file holds no ONNX graph');
  const values = (list: readonly DecodedValue[] = []) =>
    list.map(({ name, type }) => ({
      name,
      shape: (type?.tensorType?.shape?.dim ?? []).map((d) => d.dimParam ?? d.dimValue ?? '?'),
      dataType: type?.tensorType?.elemType ?? 0,
    }));
  const constants = graph.initializer ?? [];
  const named = new Set(constants.map((tensor) => tensor.name));
  return {
    opset: model.opsetImport?.find((entry) => !entry.domain)?.version ?? 0,
    // Up to IR version 3 every constant had to be listed as an input too.
    inputs: values(graph.input).filter(({ name }) => !named.has(name)),
    outputs: values(graph.output),
    operators: (graph.node ?? []).map((node) => node.opType),
    weights: constants
      .filter((tensor) => tensor.dataType === DATA_TYPES.FLOAT)
      .reduce((sum, tensor) => sum + (tensor.dims ?? []).reduce((a, b) => a * b, 1), 0),
  };
}
