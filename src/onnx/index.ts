// ONNX: the graph format, built in code, read, and adapted where other people's files differ.
export { isCastable, type SignatureEnd, withFirstOutput, withSignature } from './adapt-signature.js';
export { ONNX_OPSET, type OnnxAttribute, type OnnxDimension, OnnxGraph } from './build-graph.js';
export { chained, type KeptValue } from './chain-graphs.js';
export { type ExternalTensor, externalTensors, withTensorsInside } from './external-data.js';
export {
  type FloatConstant,
  type GraphEdit,
  type GraphNode,
  GraphParts,
  type NewConstant,
  newNode,
  renamedNode,
} from './graph-parts.js';
export { toHalf, toHalves, unpackHalves } from './half.js';
export { type OnnxSummary, type OnnxValue, readOnnx } from './read-summary.js';
export { DATA_TYPES, typeName } from './schema.js';
