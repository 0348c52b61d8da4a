// One image of a store made and written to its place: what is asked of a thread that makes images, and what it answers.
import { type ErrorMessage, toErrorMessage } from '../common/index.js';
import type { StoreFileWriter } from '../stores/index.js';
import type { ImageJob, ImageMaker } from './image-jobs.js';

export interface MakeInput {
  readonly path: string;
  readonly sizePx: number;
  readonly count: number;
}

/** An image to make, its number in the store. */
export interface MakeRequest {
  readonly index: number;
  readonly job: ImageJob;
}

export interface MakeReply {
  readonly index: number;
  /** Absent where the image is in the file. */
  readonly error?: ErrorMessage;
}

/** Makes one image and writes it to its place in the file; never throws. */
export async function makeInto(
  writer: StoreFileWriter,
  maker: ImageMaker,
  sizePx: number,
  { index, job }: MakeRequest,
): Promise<MakeReply> {
  try {
    const { widthPx, heightPx, data } = await maker.make(job, sizePx);
    if (widthPx !== sizePx || heightPx !== sizePx) {
      throw new RangeError(`The image is ${widthPx}x${heightPx} px instead of ${sizePx}.`);
    }
    writer.write(index, data);
    return { index };
  } catch (error) {
    return { index, error: toErrorMessage(error) };
  }
}
