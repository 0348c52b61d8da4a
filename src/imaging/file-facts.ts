// What a file says of itself, read by skyfix from its own structure before any decoder sees it.
import { SkyfixError } from '../errors/index.js';
import type { XmpPackets } from './gpano.js';

export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'avif' | 'tiff';

/** How a channel's values are stored. */
export interface SampleForm {
  /** Of each value. */
  readonly bits: number;
  readonly kind: 'unsigned' | 'signed' | 'float' | 'complex';
}

export interface FileFacts extends XmpPackets {
  readonly format: ImageFormat;
  /** As stored, before any orientation is applied; 0 where the file has no header that says it. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** Pictures that a viewer would show one after another; 1 for a still. */
  readonly pictures: number;
  readonly samples: SampleForm;
  /** Bytes that the decoder must hold beside its output, however small that is made. */
  readonly decoderBytes: number;
  readonly exif?: Uint8Array;
  /** The file as the decoder gets it: without EXIF (but for an orientation), XMP and texts, which it would read too. */
  readonly picture: Uint8Array;
}

/** Bytes of a file to be replaced by others, or by none. */
export interface Edit {
  readonly from: number;
  readonly to: number;
  readonly by?: Uint8Array;
}

/** The file with these edits, which are in order; itself where there are none. */
export function edited(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return bytes;
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { from, to, by } of edits) {
    parts.push(bytes.subarray(at, from), ...(by ? [by] : []));
    at = to;
  }
  return Buffer.concat([...parts, bytes.subarray(at)]);
}

/** An EXIF block may be 64 kB in a JPEG; what is looked at of others. */
export const MAX_EXIF_BYTES = 1024 * 1024;

/** The error of a file whose structure cannot be. */
export function damaged(format: ImageFormat, what: string): SkyfixError {
  return new SkyfixError('IMAGE_UNDECODABLE', `The ${format.toUpperCase()} file ${what}.`);
}
