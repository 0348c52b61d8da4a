// ONNX: the graph format, written and read.
export {
  ONNX_OPSET,
  type OnnxAttribute,
  type OnnxDimension,
  OnnxGraph,
  type OnnxSummary,
  readOnnx,
} from './graph.js';
