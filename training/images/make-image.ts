// One image of a store made and written to its place: what is asked of a thread that makes images.
import type { StoreFileWriter } from '../stores/index.js';
import type { ImageJob, ImageMaker } from './image-jobs.js';

export interface MakeSetup {
  readonly path: string;
  readonly sizePx: number;
  readonly count: number;
}

/** An image to make, its number in the store. */
export interface MakeRequest {
  readonly index: number;
  readonly job: ImageJob;
}

export interface MakeRequests {
  make(request: MakeRequest): void;
}

/** Jobs that a thread has at a time: one decodes while the other is projected. */
export const IN_FLIGHT = 2;

/** Makes one image and writes it to its place in the file. Throws what making it throws, DISK_FULL. */
export async function makeInto(
  writer: StoreFileWriter,
  maker: ImageMaker,
  sizePx: number,
  { index, job }: MakeRequest,
): Promise<void> {
  const { widthPx, heightPx, data } = await maker.make(job, sizePx);
  if (widthPx !== sizePx || heightPx !== sizePx) {
    throw new RangeError(`The image is ${widthPx}x${heightPx} px instead of ${sizePx}.`);
  }
  writer.write(index, data);
}
