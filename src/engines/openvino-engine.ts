// Inference engine on OpenVINO, through its C library, in a worker thread of its own.
import { SkyfixError } from '../errors/index.js';
import type { EngineChoice } from './choice.js';
import type { EngineOptions, InferenceEngine } from './engine.js';
import type { OpenVinoSetup } from './network-requests.js';
import { openThreadEngine } from './thread-engine.js';

/**
 * Loads an ONNX network with one float32 input and output. A second output is not to be had: the library computes all outputs
 * of a compiled network in every run, so that only the first is compiled. Throws BUNDLE_CORRUPT where OpenVINO cannot load it.
 */
export async function openOpenVinoEngine(
  path: string,
  options: EngineOptions,
  choice: EngineChoice,
): Promise<InferenceEngine> {
  const { library, precision, compiledDir } = choice;
  if (library === undefined) throw new SkyfixError('INTERNAL', 'OpenVINO was chosen without its library.');
  const setup: OpenVinoSetup = { path, threads: options.threads, library, precision, compiledDir };
  const script = new URL('./openvino-worker.js', import.meta.url);
  return openThreadEngine({ script, choice, setup }, options);
}
