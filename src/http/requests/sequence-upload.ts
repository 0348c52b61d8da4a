// The upload of a sequence: a form with several images, in the order of the way.
import type { FastifyRequest } from 'fastify';
import { FORM_OVERHEAD_BYTES } from '../../config/index.js';
import { SkyfixError } from '../../errors/index.js';
import { FRAME_BYTES, FRAMES_FIELD } from './sequence-parameters.js';
import { type ReadOptions, readForm, readMetered, readQuery, type UploadedImage } from './upload.js';

export interface SequenceUpload {
  readonly images: UploadedImage[];
  /** Form fields and query parameters, each given once, still as text. */
  readonly fields: ReadonlyMap<string, string>;
}

export interface SequenceLimits {
  /** Of each image. */
  readonly imageBytes: number;
  /** Of all images. */
  readonly bytes: number;
  readonly images: number;
}

/** Headers of a part, its name among them. */
const PART_BYTES = 1024;

/**
 * Reads the form to its end. Throws as readUpload does, SEQUENCE_TOO_LONG for too many images or bytes, and
 * MEDIA_TYPE_UNSUPPORTED for what is no form.
 */
export async function readSequenceUpload(
  request: FastifyRequest,
  watched: Pick<ReadOptions, 'signal' | 'received'>,
  { imageBytes, bytes, images }: SequenceLimits,
): Promise<SequenceUpload> {
  if (!request.isMultipart()) {
    throw new SkyfixError(
      'MEDIA_TYPE_UNSUPPORTED',
      'A sequence is a form with its images in "image", in order.',
    );
  }
  const fields = readQuery(request.query);
  const body = {
    bytes: bytes + FORM_OVERHEAD_BYTES + images * (FRAME_BYTES + PART_BYTES),
    tooLarge: (what: string) =>
      new SkyfixError('SEQUENCE_TOO_LONG', `At most ${bytes} bytes of panoramas are accepted; ${what}.`),
  };
  const bounds = {
    imageBytes,
    images,
    tooMany: () =>
      new SkyfixError('SEQUENCE_TOO_LONG', `At most ${images} panoramas are accepted; the form has more.`),
    longField: { name: FRAMES_FIELD, bytes: images * FRAME_BYTES },
  };
  const read = (signal: AbortSignal) => readForm(request, fields, bounds, signal);
  return { images: await readMetered(request, watched, body, read), fields };
}
