// The file of an image store: images of one size as records (record-file.ts).
import { isCompleteFile, RecordFile, RecordFileWriter, type RecordKind } from './record-file.js';

/** The first number of the header is sizePx, the others are 0. */
const IMAGES: RecordKind = {
  magic: 'SKYFIXIM',
  version: 1,
  file: 'image store',
  record: 'image',
  bytesOf: ([sizePx]) => sizePx * sizePx * 3,
};

/** Reads images out of a finished file, each checked against its checksum. */
export class StoreFile extends RecordFile {
  readonly sizePx: number;

  /** Throws DATASET_INVALID where the file is missing, no store, of another version or of a wrong length. */
  constructor(path: string) {
    super(path, IMAGES);
    [this.sizePx] = this.numbers;
  }
}

/** True where every image of a file was written; what was written is checked where it is read. Throws DATASET_INVALID. */
export function isComplete(path: string): boolean {
  return isCompleteFile(path, IMAGES);
}

/** Writes images into a file that is being made. Several threads may hold one each. */
export class StoreFileWriter extends RecordFileWriter {
  /** Opens the file, or lays it out with every image missing. Throws DISK_FULL where there is no space for it. */
  constructor(path: string, sizePx: number, count: number) {
    super(path, IMAGES, [sizePx, 0, 0, 0], count);
  }
}
