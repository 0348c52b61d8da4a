// GeoTIFF imagery: any tiling and compression that the geotiff package reads, any projected or geographic system
// that proj4 knows or is told.
import { basename } from 'node:path';
import { fromFile, type GeoTIFFImage } from 'geotiff';
import proj4 from 'proj4';
import { messageOf, SkyfixError } from '../../src/errors/index.js';
import { boundsOf } from '../../src/geometry/index.js';
import { BlockCache, type ImageryBlock, type ImagerySource } from './source.js';

const BLOCK_PX = 512;
/** 96 blocks of 512 x 512 RGB are 75 MB. */
const CACHED_BLOCKS = 96;

export interface GeoTiffOptions {
  /** A proj4 definition for systems that the file names by a code not known here. */
  readonly proj4?: string | undefined;
}

/** Opens a north-up GeoTIFF; IMAGERY_INVALID says what is missing. */
export async function openGeoTiff(path: string, options: GeoTiffOptions = {}): Promise<ImagerySource> {
  const tiff = await fromFile(path).catch((error: unknown) => {
    throw new SkyfixError('IMAGERY_INVALID', `${path} is not a readable TIFF (${messageOf(error)}).`);
  });
  const image = await tiff.getImage();
  const keys = (image.getGeoKeys() ?? {}) as Record<string, unknown>;
  const code = Number(keys.ProjectedCSTypeGeoKey ?? keys.GeographicTypeGeoKey ?? Number.NaN);
  const projection = proj4(options.proj4 ?? definitionOf(code, path), 'WGS84');
  const [left, top] = originOf(image, path);
  const [stepX, stepY] = image.getResolution() as [number, number];
  const widthPx = image.getWidth();
  const heightPx = image.getHeight();
  if (!(stepX > 0 && stepY < 0)) {
    throw new SkyfixError('IMAGERY_INVALID', `${path} is not north-up (pixel steps ${stepX}, ${stepY}).`);
  }
  const cache = new BlockCache(CACHED_BLOCKS);
  const corner = (x: number, y: number) => {
    const [lon, lat] = projection.forward([left + x * stepX, top + y * stepY]) as [number, number];
    return { lon, lat };
  };
  const bounds = boundsOf([corner(0, 0), corner(widthPx, 0), corner(0, heightPx), corner(widthPx, heightPx)]);
  if (!bounds) throw new SkyfixError('IMAGERY_INVALID', `${path} has no extent.`);
  return {
    description: `GeoTIFF ${basename(path)} (${options.proj4 ?? `EPSG:${code}`})`,
    bounds,
    blockPx: BLOCK_PX,
    toPixel: ({ lon, lat }) => {
      const [east, north] = projection.inverse([lon, lat]) as [number, number];
      return [(east - left) / stepX, (north - top) / stepY];
    },
    block: (bx, by) => {
      const x = bx * BLOCK_PX;
      const y = by * BLOCK_PX;
      if (x < 0 || y < 0 || x >= widthPx || y >= heightPx) return Promise.resolve(null);
      return cache.get(`${bx},${by}`, () => readBlock(image, x, y, path));
    },
    close: async () => {
      await tiff.close();
    },
  };
}

/** proj4 definitions of WGS 84, web mercator and the UTM zones on WGS 84 and ETRS89; others come by --proj4. */
function definitionOf(code: number, path: string): string {
  if (code === 4326) return '+proj=longlat +datum=WGS84 +no_defs';
  if (code === 3857) return 'EPSG:3857';
  if (code > 32600 && code <= 32660) return `+proj=utm +zone=${code - 32600} +datum=WGS84 +units=m +no_defs`;
  if (code > 32700 && code <= 32760) {
    return `+proj=utm +zone=${code - 32700} +south +datum=WGS84 +units=m +no_defs`;
  }
  if (code >= 25828 && code <= 25838) {
    return `+proj=utm +zone=${code - 25800} +ellps=GRS80 +towgs84=0,0,0 +units=m +no_defs`;
  }
  throw new SkyfixError(
    'IMAGERY_INVALID',
    Number.isNaN(code)
      ? `${path} names no coordinate system; give one with --proj4.`
      : `${path} uses EPSG:${code}, which needs its definition in --proj4.`,
  );
}

function originOf(image: GeoTIFFImage, path: string): readonly [number, number] {
  try {
    const [x, y] = image.getOrigin() as [number, number];
    return [x, y];
  } catch {
    throw new SkyfixError('IMAGERY_INVALID', `${path} has no georeference (tie point or transformation).`);
  }
}

async function readBlock(image: GeoTIFFImage, x: number, y: number, path: string): Promise<ImageryBlock> {
  const width = Math.min(BLOCK_PX, image.getWidth() - x);
  const height = Math.min(BLOCK_PX, image.getHeight() - y);
  const raster = (await image
    .readRGB({ window: [x, y, x + width, y + height], interleave: true })
    .catch((error: unknown) => {
      throw new SkyfixError(
        'IMAGERY_INVALID',
        `${path}: pixels at ${x},${y} cannot be read (${messageOf(error)}).`,
      );
    })) as unknown as Uint8Array;
  const data = new Uint8Array(BLOCK_PX * BLOCK_PX * 3);
  const whole = width === BLOCK_PX && height === BLOCK_PX;
  const valid = whole ? undefined : new Uint8Array(BLOCK_PX * BLOCK_PX);
  for (let row = 0; row < height; row++) {
    data.set(raster.subarray(row * width * 3, (row + 1) * width * 3), row * BLOCK_PX * 3);
    valid?.fill(1, row * BLOCK_PX, row * BLOCK_PX + width);
  }
  const rgb = { widthPx: BLOCK_PX, heightPx: BLOCK_PX, data };
  return valid ? { image: rgb, valid } : { image: rgb };
}
