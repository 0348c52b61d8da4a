// Worker thread: makes images of jobs and writes them into the store's file.
import { sharp } from 'skyfix/imaging';
import { serveRequests } from 'skyfix/threads';
import { StoreFileWriter } from '../stores/index.js';
import { ImageMaker } from './image-jobs.js';
import { IN_FLIGHT, type MakeRequests, type MakeSetup, makeInto } from './make-image.js';

await serveRequests<MakeRequests, MakeSetup>(
  ({ path, sizePx, count }) => {
    // Threads share the cores among themselves; the decoder must not start its own.
    sharp.concurrency(1);
    const writer = new StoreFileWriter(path, sizePx, count);
    const maker = new ImageMaker();
    return {
      answers: { make: (request) => makeInto(writer, maker, sizePx, request) },
      close: async () => {
        writer.close();
        await maker.close();
      },
    };
  },
  { atOnce: IN_FLIGHT },
);
