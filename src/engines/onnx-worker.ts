// The thread an onnxruntime session lives in: its run() blocks the thread it is called on.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { serveRequests } from '../threads/index.js';
import { answered, type NetworkRequests, type OnnxSetup } from './network-requests.js';

function copyOf(result: Tensor | undefined, name: string) {
  if (!(result?.data instanceof Float32Array)) throw new Error(`output ${name} is not float32`);
  return { data: new Float32Array(result.data), shape: result.dims };
}

// One request at a time: a session's own threads share the cores.
await serveRequests<NetworkRequests, OnnxSetup>(async ({ path, threads, provider }) => {
  const session = await InferenceSession.create(path, {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // Idle compute threads would spin on the cores that the other network, the decoder and the server need.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const input = session.inputNames[0];
  const [output, second] = session.outputNames;
  if (input === undefined || output === undefined || session.inputNames.length !== 1) {
    throw new Error(`the network has inputs [${session.inputNames}] and outputs [${session.outputNames}]`);
  }
  return {
    answers: {
      run: async (given) => {
        const { data, shape, both = false } = given;
        const tensor =
          data instanceof Uint8Array ? new Tensor('uint8', data, shape) : new Tensor('float32', data, shape);
        const feeds = { [input]: tensor };
        if (!both) return answered(given, copyOf((await session.run(feeds, [output]))[output], output));
        if (second === undefined) throw new Error('the network has one output');
        const results = await session.run(feeds, [output, second]);
        return answered(given, copyOf(results[output], output), copyOf(results[second], second));
      },
    },
    close: () => session.release(),
  };
});
