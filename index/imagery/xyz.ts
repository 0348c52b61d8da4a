// Imagery as a folder of web-mercator tiles, {z}/{x}/{y}.jpg|jpeg|png|webp: XYZ (y grows southwards) or TMS (northwards).
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { messageOf, SkyfixError } from '../../src/errors/index.js';
import { BlockCache, type ImageryBlock, type ImagerySource } from './source.js';

const EXTENSIONS = ['jpg', 'jpeg', 'png', 'webp'];
const CACHED_BLOCKS = 256;

export interface XyzOptions {
  /** Zoom level to read; the deepest in the folder when absent. */
  readonly zoom?: number | undefined;
  /** True for TMS, where row 0 is the southernmost. */
  readonly tms?: boolean | undefined;
}

/** Opens a folder of tiles; IMAGERY_INVALID says what is missing. */
export async function openXyzFolder(dir: string, options: XyzOptions = {}): Promise<ImagerySource> {
  const zooms = await numberedFolders(dir);
  const zoom = options.zoom ?? Math.max(...zooms);
  if (!zooms.includes(zoom)) {
    throw new SkyfixError(
      'IMAGERY_INVALID',
      `${dir} has no zoom level ${zoom}; it has ${zooms.join(', ') || 'none'}.`,
    );
  }
  const columns = await numberedFolders(join(dir, String(zoom)));
  const rows = new Set<number>();
  let sample: string | undefined;
  for (const column of columns) {
    for (const name of await readdir(join(dir, String(zoom), String(column)))) {
      const [stem = '', extension = ''] = name.split('.');
      if (!/^\d+$/.test(stem) || !EXTENSIONS.includes(extension)) continue;
      rows.add(Number(stem));
      sample ??= join(dir, String(zoom), String(column), name);
    }
  }
  if (!sample) throw new SkyfixError('IMAGERY_INVALID', `${dir}/${zoom} holds no tile images.`);
  const blockPx = (await sharp(sample).metadata()).width;
  const count = 2 ** zoom;
  const rowOf = (by: number): number => (options.tms ? count - 1 - by : by);
  const seen = [...rows].map(rowOf);
  const cache = new BlockCache(CACHED_BLOCKS);
  const lonOf = (column: number): number => (column / count) * 360 - 180;
  const latOf = (row: number): number =>
    (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / count))) * 180) / Math.PI;
  return {
    description: `${options.tms ? 'TMS' : 'XYZ'} folder, zoom ${zoom}`,
    bounds: [
      lonOf(Math.min(...columns)),
      latOf(Math.max(...seen) + 1),
      lonOf(Math.max(...columns) + 1),
      latOf(Math.min(...seen)),
    ],
    blockPx,
    toPixel: ({ lon, lat }) => {
      const phi = (lat * Math.PI) / 180;
      const x = (lon + 180) / 360;
      const y = (1 - Math.asinh(Math.tan(phi)) / Math.PI) / 2;
      return [x * count * blockPx, y * count * blockPx];
    },
    block: (bx, by) => {
      const column = ((bx % count) + count) % count;
      return cache.get(`${column},${by}`, () =>
        readTile(join(dir, String(zoom), String(column), String(rowOf(by))), blockPx),
      );
    },
    close: async () => {},
  };
}

async function numberedFolders(dir: string): Promise<number[]> {
  const names = await readdir(dir).catch((error: unknown) => {
    throw new SkyfixError('IMAGERY_INVALID', `${dir} cannot be read (${messageOf(error)}).`);
  });
  return names.filter((name) => /^\d+$/.test(name)).map(Number);
}

async function readTile(stem: string, blockPx: number): Promise<ImageryBlock | null> {
  for (const extension of EXTENSIONS) {
    const path = `${stem}.${extension}`;
    if (
      !(await access(path).then(
        () => true,
        () => false,
      ))
    )
      continue;
    const { data, info } = await sharp(await readFile(path))
      .ensureAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
      .catch((error: unknown) => {
        throw new SkyfixError('IMAGERY_INVALID', `${path} cannot be decoded (${messageOf(error)}).`);
      });
    if (info.width !== blockPx || info.height !== blockPx) {
      throw new SkyfixError(
        'IMAGERY_INVALID',
        `${path} is ${info.width}x${info.height} px, others ${blockPx}.`,
      );
    }
    const rgb = new Uint8Array(blockPx * blockPx * 3);
    const valid = new Uint8Array(blockPx * blockPx);
    for (let k = 0; k < valid.length; k++) {
      rgb.set(data.subarray(k * 4, k * 4 + 3), k * 3);
      valid[k] = (data[k * 4 + 3] ?? 0) >= 128 ? 1 : 0;
    }
    return { image: { widthPx: blockPx, heightPx: blockPx, data: rgb }, valid };
  }
  return null;
}
