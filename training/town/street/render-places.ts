// Hands panoramas to worker threads, one at a time to each, and reports as they are done.
import { messageOf } from 'skyfix/errors';
import { RequestWorker } from 'skyfix/threads';
import type { PanoramaJob, RenderRequests, RenderSetup, WorldJob } from './panorama-worker.js';

const SCRIPT = new URL('./panorama-worker.js', import.meta.url);

/** Renders and writes all jobs; rejects with the first error, once every thread has ended. */
export async function renderPlaces(
  setup: RenderSetup,
  jobs: readonly (PanoramaJob | WorldJob)[],
  workers: number,
  onDone: (count: number) => void,
): Promise<void> {
  const queue = jobs.values();
  let done = 0;
  let failed = false;
  const run = async (): Promise<void> => {
    const worker = new RequestWorker<RenderRequests>(SCRIPT, { of: 'the renderer of panoramas', setup });
    try {
      for (const job of queue) {
        await ('ground' in job ? worker.ask('renderWorld', job) : worker.ask('render', job));
        onDone(++done);
        if (failed) return;
      }
    } catch (error) {
      failed = true;
      throw error;
    } finally {
      await worker.close();
    }
  };
  const count = Math.max(1, Math.min(workers, jobs.length));
  for (const outcome of await Promise.allSettled(Array.from({ length: count }, run))) {
    if (outcome.status === 'fulfilled') continue;
    throw new Error(`Rendering a panorama failed: ${messageOf(outcome.reason)}`, { cause: outcome.reason });
  }
}
