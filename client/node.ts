// What Node adds: images by their path.
import { openAsBlob } from 'node:fs';

/** A file as what locate() takes; it is read while it is sent. Rejects where it cannot be read. */
export function openImage(path: string): Promise<Blob> {
  return openAsBlob(path);
}
