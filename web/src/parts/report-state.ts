// The report that is open, with the pictures of the moment in which it was opened.
import { signal } from '@preact/signals';
import { mapView } from '../map/map-panel.js';
import type { Item } from '../state/items.js';

export interface Report {
  readonly item: Item;
  readonly madeAt: Date;
  /** Data URLs. */
  readonly map: string | undefined;
  readonly image: string | undefined;
}

export const report = signal<Report | undefined>(undefined);
/** Of the photo in it, px. */
const IMAGE_WIDTH = 1200;

export async function openReport(item: Item): Promise<void> {
  const map = mapView?.picture();
  report.value = { item, madeAt: new Date(), map, image: await shrunk(item.file) };
}

/** As a JPEG's data URL; undefined where this browser cannot read it. */
async function shrunk(file: File | undefined): Promise<string | undefined> {
  if (!file) return undefined;
  try {
    const image = await createImageBitmap(file);
    const scale = Math.min(1, IMAGE_WIDTH / image.width);
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    return canvas.toDataURL('image/jpeg', 0.85);
  } catch {
    return undefined;
  }
}
