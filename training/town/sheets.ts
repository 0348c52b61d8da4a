// Contact sheets, for looking at what was made: the mosaic, panoramas, and panorama with tile.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Place } from './places.js';

/** Writes sheets/mosaic.png, sheets/panoramas.png and sheets/detail.png into the town's folder. */
export async function writeSheets(
  folder: string,
  mosaic: Uint8Array,
  n: number,
  places: readonly Place[],
): Promise<void> {
  const sheets = join(folder, 'sheets');
  await mkdir(sheets, { recursive: true });
  const source = { raw: { width: n, height: n, channels: 3 as const } };
  await sharp(mosaic, source).resize(1600, 1600, { fit: 'inside' }).png().toFile(join(sheets, 'mosaic.png'));
  const side = Math.min(n, 1000);
  const middle = Math.floor((n - side) / 2);
  await sharp(mosaic, source)
    .extract({ left: middle, top: middle, width: side, height: side })
    .png()
    .toFile(join(sheets, 'detail.png'));
  const shown = Array.from({ length: 12 }, (_, k) => places[Math.floor((k * places.length) / 12)]).filter(
    (place) => place !== undefined,
  );
  const rowPx = 256;
  const layers: { input: Buffer; left: number; top: number }[] = [];
  for (const [k, place] of shown.entries()) {
    const left = (k % 2) * 776;
    const top = Math.floor(k / 2) * (rowPx + 4);
    const panorama = await sharp(join(folder, 'panoramas', `${place.id}.jpg`))
      .resize(512, 256)
      .png()
      .toBuffer();
    const cx = Math.round(place.camera.x * 4);
    const cy = n - Math.round(place.camera.y * 4);
    const tile = await sharp(mosaic, source)
      .extract({ left: cx - 128, top: cy - 128, width: 256, height: 256 })
      .png()
      .toBuffer();
    layers.push({ input: panorama, left, top }, { input: tile, left: left + 516, top });
  }
  const height = Math.ceil(shown.length / 2) * (rowPx + 4);
  await sharp({ create: { width: 1552, height, channels: 3, background: '#ffffff' } })
    .composite(layers)
    .png()
    .toFile(join(sheets, 'panoramas.png'));
}
