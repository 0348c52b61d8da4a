// Tiles every so many metres over imagery.
import { SkyfixError } from '../src/errors/index.js';
import { sha256OfBytes } from '../src/files/index.js';
import { type Bounds, insideBbox } from '../src/geometry/index.js';
import { type Area, readArea } from './area.js';
import { type GridOrigin, gridCentres } from './grid.js';
import { alongCurveOfCell, curveOrder } from './hilbert.js';
import {
  contentDigestOf,
  cutTileOf,
  type ImageryOptions,
  type ImagerySource,
  imageryIdentity,
  openImagery,
} from './imagery/index.js';
import type { TileSource } from './tile-source.js';

export interface GridOptions {
  /** GeoTIFF file, VRT or folder of them, or folder of XYZ/TMS tiles. */
  readonly imagery: string;
  readonly imageryOptions?: ImageryOptions | undefined;
  readonly tileSizeM: number;
  readonly strideM: number;
  /** GeoJSON file; tiles whose centre lies in it. Everything when absent. */
  readonly areaGeoJson?: string | undefined;
  /** The lattice of another version; else one that begins at the south-west corner of area or imagery. */
  readonly origin?: GridOrigin | undefined;
}

/** Tiles every strideM metres over imagery. Throws PARAMETER_INVALID, IMAGERY_INVALID. */
export async function openGrid(options: GridOptions): Promise<TileSource> {
  const { imagery, imageryOptions = {}, tileSizeM, strideM } = options;
  if (!(tileSizeM > 0 && strideM > 0)) {
    throw new SkyfixError(
      'PARAMETER_INVALID',
      `Tile size ${tileSizeM} m and stride ${strideM} m must be over 0.`,
    );
  }
  const area = options.areaGeoJson === undefined ? undefined : await readArea(options.areaGeoJson);
  const source = await openImagery(imagery, imageryOptions);
  try {
    if (area && !boundsMeet(area.bounds, source.bounds)) throw apart(area, source);
    const centres = gridCentres(source.bounds, tileSizeM, strideM, area, options.origin);
    if (centres.count === 0) throw none(source, tileSizeM, area);
    const identity = await imageryIdentity(imagery);
    const positions = Float64Array.from({ length: centres.count }, (_, n) =>
      alongCurveOfCell(...centres.cell(n)),
    );
    const order = curveOrder(positions);
    const at = (number: number) => order[number] ?? Number.NaN;
    const placesDigest = sha256OfBytes(new Uint8Array(centres.lonLats.buffer));
    const digest = sha256OfBytes(
      JSON.stringify([source.description, source.facts, ...identity, tileSizeM, strideM, placesDigest]),
    );
    return {
      count: centres.count,
      sizeM: tileSizeM,
      strideM,
      description: source.description,
      imagery: source,
      area,
      digest,
      origin: centres.origin,
      placesDigest,
      facts: factsOf(source, area),
      warnings: [...source.warnings, ...(area?.warnings ?? []), ...coarse(source, tileSizeM)],
      tile: (number) => ({
        tile: centres.name(at(number)),
        ...centres.place(at(number)),
        sizeM: tileSizeM,
        source: source.description,
      }),
      position: (number) => positions[at(number)] ?? Number.NaN,
      image: (number, sizePx) => cutTileOf(source, centres.place(at(number)), tileSizeM, sizePx),
      contentDigest: () => contentDigestOf(imagery),
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

function factsOf(source: ImagerySource, area: Area | undefined): string[] {
  const { description, crs, bounds, gsdM, facts } = source;
  const what = `imagery: ${description}; ${[crs, ...facts].join('; ')}`;
  const where = `imagery covers ${boundsText(bounds)}, ${metres(gsdM)} m a pixel`;
  if (!area) return [what, where];
  const beyond = corners(area.bounds).some((corner) => !insideBbox(corner, bounds));
  const more = beyond ? ', which reaches beyond the imagery; tiles are made where both are' : '';
  return [what, where, `area: ${boundsText(area.bounds)}${more}`];
}

/** Imagery of which a tile is a handful of pixels is mostly another zoom level or unit than was meant. */
function coarse({ gsdM }: ImagerySource, tileSizeM: number): string[] {
  const pixels = tileSizeM / gsdM;
  if (pixels >= 32) return [];
  return [
    `A tile of ${tileSizeM} m is only ${pixels.toFixed(1)} pixels of this imagery (${metres(gsdM)} m each).`,
  ];
}

/** Why an area and imagery do not meet: where each is, and what reading would bring them together. */
function apart(area: Area, source: ImagerySource): SkyfixError {
  const hints = source.otherReadings
    .filter(({ bounds }) => boundsMeet(area.bounds, bounds))
    .map(({ how }) => `read ${how} it would lie there`);
  const [west, south, east, north] = area.bounds;
  const swapped: Bounds = [south, west, north, east];
  if (Math.abs(west) <= 90 && Math.abs(east) <= 90 && boundsMeet(swapped, source.bounds)) {
    hints.push('with longitude and latitude of the area swapped it would lie there (GeoJSON is [lon, lat])');
  }
  const hint = hints.length > 0 ? ` But ${hints.join(', and ')}.` : '';
  return new SkyfixError(
    'IMAGERY_INVALID',
    `The area (${boundsText(area.bounds)}) lies outside of the imagery: ${source.description} covers ` +
      `${boundsText(source.bounds)}.${hint}`,
  );
}

function none(source: ImagerySource, tileSizeM: number, area: Area | undefined): SkyfixError {
  const where = area ? ' and the area together' : '';
  return new SkyfixError(
    'IMAGERY_INVALID',
    `No tile of ${tileSizeM} m lies in ${source.description}${where}, which covers ${boundsText(source.bounds)}, ` +
      `${metres(source.gsdM)} m a pixel.`,
  );
}

/** Boxes meet where one has the other's corner, or its sides between the other's. */
function boundsMeet(a: Bounds, b: Bounds): boolean {
  if (a[1] > b[3] || a[3] < b[1]) return false;
  const at = (lon: number, [, south]: Bounds) => ({ lon, lat: south });
  const within = (lon: number, box: Bounds) => insideBbox(at(lon, box), box);
  return within(a[0], b) || within(a[2], b) || within(b[0], a) || within(b[2], a);
}

const corners = ([west, south, east, north]: Bounds) => [
  { lon: west, lat: south },
  { lon: east, lat: north },
];

/** 10.29210 to 10.30350 E, 48.20584 to 48.21346 N */
export function boundsText([west, south, east, north]: Bounds): string {
  const degrees = (value: number) => value.toFixed(5);
  return `longitude ${degrees(west)} to ${degrees(east)}, latitude ${degrees(south)} to ${degrees(north)}`;
}

const metres = (value: number) => String(Number(value.toPrecision(3)));
