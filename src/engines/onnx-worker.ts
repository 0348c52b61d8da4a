// The thread an onnxruntime session lives in: its run() blocks the thread it is called on.
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { messageOf } from '../errors/index.js';
import type { FromWorker, ToWorker, WorkerSetup } from './onnx-messages.js';

const port = parentPort;
if (!port) throw new Error('onnx-worker runs as a worker thread only.');
const post = (message: FromWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

const { path, threads } = workerData as WorkerSetup;
try {
  const session = await InferenceSession.create(path, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // Idle compute threads would spin on the cores that the other network, the decoder and the server need.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const [input, output] = [session.inputNames[0], session.outputNames[0]];
  if (input === undefined || output === undefined || session.inputNames.length !== 1) {
    throw new Error(`the network has inputs [${session.inputNames}] and outputs [${session.outputNames}]`);
  }
  // One at a time, in order: a session's own threads share the cores.
  let last: Promise<void> = Promise.resolve();
  port.on('message', (message: ToWorker) => {
    last = last.then(async () => {
      if (message.kind === 'close') {
        await session.release();
        port.close();
        return;
      }
      try {
        const feeds = { [input]: new Tensor('float32', message.data, message.shape) };
        const result = (await session.run(feeds, [output]))[output];
        if (!result || !(result.data instanceof Float32Array))
          throw new Error(`output ${output} is not float32`);
        const data = new Float32Array(result.data);
        post({ kind: 'result', id: message.id, data, shape: result.dims }, [data.buffer]);
      } catch (error) {
        post({ kind: 'error', id: message.id, message: messageOf(error) });
      }
    });
  });
  post({ kind: 'ready' });
} catch (error) {
  post({ kind: 'failed', message: messageOf(error) });
  port.close();
}
