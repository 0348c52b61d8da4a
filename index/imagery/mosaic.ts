// Pictures that are imagery together: one, or a folder or VRT of them. One rule scales the samples of all that are alike, so
// that no seam shows where the brightness of two files differs.
import { type Bounds, boundsOf, insideBbox, offsetLonLat, wrapLonDeg } from '../../src/geometry/index.js';
import {
  BLOCK_PX,
  type GeoTiffPicture,
  type SampleRange,
  type Scaling,
  scalingOf,
  statisticsOf,
} from './geotiff/index.js';
import type { Placement, Projection } from './place/index.js';
import type { ImageryLayer, ImagerySource } from './port/index.js';

export interface PlacedPicture {
  readonly picture: GeoTiffPicture;
  readonly projection: Projection;
  readonly placement: Placement;
}

/** Of a folder so many files are looked into for the range of their values. */
const PROBED_FILES = 12;

/** `pictures` are not empty; of those that overlap the first counts. */
export async function mosaicOf(
  pictures: readonly PlacedPicture[],
  description: string,
  range: SampleRange | undefined,
): Promise<ImagerySource> {
  const scalings = await scalingsOf(
    pictures.map(({ picture }) => picture),
    range,
  );
  const layers = pictures.map(({ picture, placement }): ImageryLayer => {
    const scaling = scalings.get(kindOf(picture));
    const { low, high } = scaling?.range ?? { low: 0, high: 255 };
    return {
      bounds: placement.bounds,
      blockPx: BLOCK_PX,
      toPixel: placement.toPixel,
      block: (bx, by) => picture.block(bx, by, { low, high }),
    };
  });
  const told = [...scalings.values()];
  return {
    description,
    bounds: unionOf(layers.map(({ bounds }) => bounds)),
    crs: [...new Set(pictures.map(({ projection }) => projection.name))].join(', '),
    gsdM: Math.min(...pictures.map(({ placement }) => placement.gsdM)),
    attribution: attributionOf(pictures),
    facts: told.flatMap((scaling) => scaling.told ?? []),
    warnings: [
      ...new Set([
        ...pictures.flatMap(({ picture }) => picture.warnings),
        ...told.flatMap((scaling) => scaling.warning ?? []),
      ]),
    ],
    otherReadings: [],
    layersNear: nearLayers(layers),
    close: async () => {},
  };
}

/** The notices of all pictures, each once. */
function attributionOf(pictures: readonly PlacedPicture[]): string | undefined {
  const notices = new Set(pictures.flatMap(({ picture }) => picture.copyright ?? []));
  return notices.size === 0 ? undefined : [...notices].slice(0, MOST_NOTICES).join('; ');
}

const MOST_NOTICES = 10;

const kindOf = ({ layout, declaredMost }: GeoTiffPicture) =>
  JSON.stringify([layout.type, layout.bits, declaredMost]);

/** One scaling for all pictures of a kind of samples. */
async function scalingsOf(
  pictures: readonly GeoTiffPicture[],
  range: SampleRange | undefined,
): Promise<ReadonlyMap<string, Scaling>> {
  const scalings = new Map<string, Scaling>();
  for (const picture of pictures) {
    const kind = kindOf(picture);
    if (scalings.has(kind)) continue;
    const alike = pictures.filter((other) => kindOf(other) === kind);
    const seen = range || !picture.needsStatistics ? undefined : statisticsOf(await probeOf(alike));
    scalings.set(kind, scalingOf(picture.layout, picture.declaredMost, range, seen));
  }
  return scalings;
}

async function probeOf(pictures: readonly GeoTiffPicture[]): Promise<number[]> {
  const count = Math.min(PROBED_FILES, pictures.length);
  const values: number[] = [];
  for (let k = 0; k < count; k++) {
    const picture = pictures[Math.floor((k * pictures.length) / count)];
    for (const value of (await picture?.probe()) ?? []) values.push(value);
  }
  return values;
}

/** Looks a place up among the layers' bounds, grown by the reach that was asked for last. */
function nearLayers(layers: readonly ImageryLayer[]): ImagerySource['layersNear'] {
  let grownBy = Number.NaN;
  let grown: readonly Bounds[] = [];
  return (place, reachM) => {
    if (reachM !== grownBy) {
      grownBy = reachM;
      grown = layers.map(({ bounds }) => grownBounds(bounds, reachM));
    }
    return layers.filter((_, k) => insideBbox(place, grown[k] ?? [-180, -90, 180, 90]));
  };
}

/** The bounds and `marginM` of ground around them. */
export function grownBounds([west, south, east, north]: Bounds, marginM: number): Bounds {
  const from = offsetLonLat({ lon: west, lat: south }, -marginM, -marginM);
  const to = offsetLonLat({ lon: east, lat: north }, marginM, marginM);
  // Degrees of longitude are shortest where the bounds are farthest from the equator.
  const lat = Math.min(Math.max(Math.abs(from.lat), Math.abs(to.lat)), 89.9);
  const margin = offsetLonLat({ lon: 0, lat }, marginM, 0).lon;
  const span = east >= west ? east - west : east - west + 360;
  if (span + 2 * margin >= 360) return [-180, from.lat, 180, to.lat];
  return [wrapLonDeg(west - margin), from.lat, wrapLonDeg(east + margin), to.lat];
}

/** The box around boxes; each box's middle is given too, so that a wide one is not taken for a gap. */
export function unionOf(all: readonly Bounds[]): Bounds {
  const [first] = all;
  if (first && all.length === 1) return first;
  const points = all.flatMap(([west, south, east, north]) => {
    const span = east >= west ? east - west : east - west + 360;
    return [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      { lon: west + share * span, lat: south },
      { lon: west + share * span, lat: north },
    ]);
  });
  return boundsOf(points) ?? [-180, -90, 180, 90];
}
