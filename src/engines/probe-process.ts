// The process of probeEngine: loads an engine, runs a network of one node, says how that went, and ends.
import { writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../errors/index.js';
import { OnnxGraph } from '../onnx/index.js';
import { ONNXRUNTIME_VERSION, onnxProviderOf } from './onnx-engine.js';
import { PROBE_MARK, type ProbeAnswer, type ProbeOutcome, type ProbeQuestion } from './probe-question.js';

/** y = x * 2: [N, 2] */
function doubling(): Uint8Array {
  const graph = new OnnxGraph('doubling');
  const factor = graph.constant('factor', [1], Float32Array.of(2));
  graph.output(graph.node('Mul', [graph.input('x', ['N', 2]), factor], {}, 'y'), ['N', 2]);
  return graph.encode();
}

function expectDoubled(values: ArrayLike<number>): void {
  if (values[0] !== 2 || values[1] !== -6)
    throw new Error(`twice [1, -3] came out as [${[...Array.from(values)]}]`);
}

async function tryOpenVino(library: string, network: string): Promise<ProbeAnswer> {
  // Here and not above: where koffi has no build for this machine, only this engine is not to be had.
  const { OpenVino } = await import('./openvino-api.js');
  const openvino = new OpenVino(library);
  const compiled = openvino.compile(network, { INFERENCE_PRECISION_HINT: 'f32' });
  expectDoubled(compiled.run({ data: Float32Array.of(1, -3), shape: [1, 2] }).data);
  return { version: openvino.version, capabilities: openvino.capabilities };
}

async function tryOnnxruntime(kind: ProbeQuestion['kind'], network: string): Promise<ProbeAnswer> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const session = await InferenceSession.create(network, { executionProviders: [onnxProviderOf(kind)] });
  const { y } = await session.run({ x: new Tensor('float32', Float32Array.of(1, -3), [1, 2]) });
  expectDoubled(y?.data as Float32Array);
  return { version: ONNXRUNTIME_VERSION, capabilities: [] };
}

const [question = '{}', folder = ''] = process.argv.slice(2);
const { kind, library } = JSON.parse(question) as ProbeQuestion;
let outcome: ProbeOutcome;
try {
  const network = join(folder, 'doubling.onnx');
  writeFileSync(network, doubling());
  outcome = library === undefined ? await tryOnnxruntime(kind, network) : await tryOpenVino(library, network);
} catch (error) {
  outcome = { failed: messageOf(error) };
}
writeSync(1, `\n${PROBE_MARK}${JSON.stringify(outcome)}\n`);
process.exit(0);
