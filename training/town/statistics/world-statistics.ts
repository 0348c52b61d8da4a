// The statistics of a town or a world, to be held beside those of real places.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';
import { parseCsv } from 'skyfix/files';
import { BevTableCache, projectBev } from 'skyfix/geometry';
import { decodePanorama } from 'skyfix/imaging';
import { cutTile, openImagery } from 'skyfix/index';
import { spreadEvenly } from '../../drawing/index.js';
import { skylineDeg } from './skyline.js';
import { luminanceOf, type TileStatistics, tileStatistics } from './tile-statistics.js';

/** Ground of the tiles that are measured. */
const SIDE_M = 60;
const SIZE_PX = 256;

type Rgb = readonly [number, number, number];

/** Colours in grey levels 0..255, shares 0..1. */
export interface WorldStatistics {
  readonly places: number;
  readonly tileRgb: Rgb;
  /** Standard deviation of the tiles' mean luminance. */
  readonly tileDeviation: number;
  readonly dark: number;
  readonly green: number;
  /** Share of the tiles' variance in waves of 30 to 60 m, and under 2 m. */
  readonly coarse: number;
  readonly fine: number;
  /** Mean of BEV minus tile over what the BEV shows, and its standard deviation over pairs in luminance. */
  readonly gapRgb: Rgb;
  readonly gapSpread: number;
  readonly skylineDeg: number;
}

/** Measures up to `most` places of a folder, drawn evenly. Throws DATASET_INVALID where it holds no town. */
export async function worldStatistics(folder: string, most = 80): Promise<WorldStatistics> {
  const rows = await placesOf(folder);
  const source = await openImagery(join(folder, 'mosaic.tif'), {});
  const tables = new BevTableCache();
  const tiles: TileStatistics[] = [];
  const gaps: Rgb[] = [];
  const skylines: number[] = [];
  try {
    for (const k of spreadEvenly(rows.length, most)) {
      const { file, lon, lat, heightM } = rows[k] as PlaceRow;
      const tile = await cutTile(source, { lon, lat }, SIDE_M, SIZE_PX);
      if (tile === null) continue;
      tiles.push(tileStatistics(tile, SIDE_M));
      const { image, window, pose } = await decodePanorama(await readFile(join(folder, file)), {});
      skylines.push(skylineDeg(image, window));
      const geometry = { sizePx: SIZE_PX, gsdM: SIDE_M / SIZE_PX, cameraHeightM: heightM };
      const bev = projectBev(image, window, pose, geometry, tables);
      gaps.push(gapOf(bev.image.data, bev.mask, tile.data));
    }
  } finally {
    await source.close();
  }
  const gapLuminance = gaps.map((gap) => luminanceOf(...gap));
  return {
    places: tiles.length,
    tileRgb: meanRgb(tiles.map(({ rgb }) => rgb)),
    tileDeviation: deviation(tiles.map(({ luminance }) => luminance)),
    dark: mean(tiles.map(({ dark }) => dark)),
    green: mean(tiles.map(({ green }) => green)),
    coarse: mean(tiles.map(({ coarse, variance }) => coarse / variance)),
    fine: mean(tiles.map(({ fine, variance }) => fine / variance)),
    gapRgb: meanRgb(gaps),
    gapSpread: deviation(gapLuminance),
    skylineDeg: mean(skylines),
  };
}

interface PlaceRow {
  readonly file: string;
  readonly lon: number;
  readonly lat: number;
  readonly heightM: number;
}

async function placesOf(folder: string): Promise<readonly PlaceRow[]> {
  const path = join(folder, 'places.csv');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new SkyfixError(
      'DATASET_INVALID',
      `${folder} is not the folder of a town or world: ${path} cannot be read.`,
      { cause: error },
    );
  }
  const [header, ...rows] = parseCsv(text);
  return rows.map(({ line, fields }) => {
    const cell = (name: string): string => fields[header?.fields.indexOf(name) ?? -1] ?? '';
    const row = {
      file: cell('file'),
      lon: Number(cell('lon')),
      lat: Number(cell('lat')),
      heightM: Number(cell('cameraHeightM')),
    };
    if (row.file !== '' && row.heightM > 0 && Number.isFinite(row.lon + row.lat)) return row;
    throw new SkyfixError(
      'DATASET_INVALID',
      `${path} line ${line} lacks a file, a position or a camera height.`,
    );
  });
}

/** Mean of BEV minus tile where the BEV shows something. */
function gapOf(bev: Uint8Array, mask: Uint8Array, tile: Uint8Array): Rgb {
  const sums: [number, number, number] = [0, 0, 0];
  let count = 0;
  for (let k = 0; k < mask.length; k++) {
    if (mask[k] === 0) continue;
    count++;
    for (let c = 0; c < 3; c++) sums[c as 0] += (bev[k * 3 + c] as number) - (tile[k * 3 + c] as number);
  }
  return sums.map((sum) => sum / Math.max(count, 1)) as unknown as Rgb;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: readonly number[]): number {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
}

function meanRgb(values: readonly Rgb[]): Rgb {
  return [mean(values.map((v) => v[0])), mean(values.map((v) => v[1])), mean(values.map((v) => v[2]))];
}
