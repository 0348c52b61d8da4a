// The thread that a network lives in under OpenVINO.
import { serveRequests } from '../threads/index.js';
import { compiledKey, keepCompiled, readCompiled } from './compiled-cache.js';
import { answered, type NetworkRequests, type OpenVinoSetup } from './network-requests.js';
import { type CompiledNetwork, OpenVino, OpenVinoError } from './openvino-api.js';

/** int8 is in the network's own nodes; what is left of it is computed in float32. */
const HINTS = { f32: 'f32', bf16: 'bf16', int8: 'f32' } as const;

function propertiesOf({ threads, precision }: OpenVinoSetup): Record<string, string> {
  return {
    PERFORMANCE_HINT: 'LATENCY',
    INFERENCE_PRECISION_HINT: HINTS[precision],
    // Two networks that are both held to the first cores would wait for each other, and for whoever else computes there.
    ENABLE_CPU_PINNING: 'NO',
    ...(threads > 0 && { INFERENCE_NUM_THREADS: String(threads) }),
  };
}

/** From the disk where this library has compiled it for this processor before. */
function compiled(openvino: OpenVino, setup: OpenVinoSetup): CompiledNetwork {
  const { path, compiledDir } = setup;
  const properties = propertiesOf(setup);
  if (compiledDir === undefined) return openvino.compile(path, properties);
  const { build, deviceName, capabilities } = openvino;
  const key = compiledKey(path, [build, deviceName, ...capabilities, JSON.stringify(properties)]);
  const kept = readCompiled(compiledDir, key);
  if (kept) {
    try {
      return openvino.import(kept);
    } catch (error) {
      // It cannot be used, for whatever reason: the network itself can.
      if (!(error instanceof OpenVinoError)) throw error;
    }
  }
  const fresh = openvino.compile(path, properties);
  keepCompiled(compiledDir, key, (file) => fresh.export(file));
  return fresh;
}

// One request at a time: a network's own threads share the cores.
await serveRequests<NetworkRequests, OpenVinoSetup>((setup) => {
  const openvino = new OpenVino(setup.library);
  const network = compiled(openvino, setup);
  const { inputs, outputs } = network;
  if (inputs !== 1 || outputs < 1) {
    throw new Error(`the network has ${inputs} inputs and ${outputs} outputs`);
  }
  return {
    answers: {
      run: (input) => answered(input, network.run(input)),
    },
    close: () => {
      network.close();
      openvino.close();
    },
  };
});
