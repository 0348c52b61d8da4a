// Why this place? The pictures that an answer rests on, made when they are asked for: the ground around the camera as the
// photo shows it, what the generator makes of it, and the imagery where the best place lies.
import { bevGeometryOf, viewSizePx } from '../bundles/index.js';
import { Describer } from '../describe/index.js';
import { type LonLat, normalisedDeg, type RgbImage } from '../geometry/index.js';
import { type DecodedPhoto, encodeWebp, nchwToRgb } from '../imaging/index.js';
import type { LoadedRegion } from '../regions/index.js';
import type { MissingPicture, Picture, PictureName, Pictures } from './picture.js';
import { projectToGround } from './steps.js';

/** What was found of a photo. */
export interface Explained {
  readonly photo: DecodedPhoto;
  readonly headingDeg: number;
  /** The height that was asked for; the bundle's where absent. */
  readonly cameraHeightM?: number | undefined;
  /** The best place; undefined where there is none. */
  readonly place: LonLat | undefined;
  /** The view [V x V] under this heading and height, where one was made on the way to the place. */
  readonly view?: RgbImage | undefined;
}

type Run = <T>(step: 'bev' | 'generate', work: () => T | Promise<T>) => Promise<T>;

/** The pictures of `names`, and of those that cannot be made the reason. */
export async function picturesOf(
  names: readonly PictureName[],
  region: LoadedRegion,
  explained: Explained,
  run: Run,
): Promise<Pictures> {
  const wants = (name: PictureName) => names.includes(name);
  const pictures: Partial<Record<PictureName, Picture | MissingPicture>> = {};
  if (wants('bev') || wants('view')) {
    const { bev, view } = await fromPhoto(region, explained, wants('view'), run);
    if (wants('bev')) pictures.bev = bev;
    if (wants('view')) pictures.view = view;
  }
  if (wants('tile')) pictures.tile = await tileAt(region, explained.place);
  return pictures;
}

/** The BEV in full resolution, and the view that the generator makes of it. */
async function fromPhoto(
  { bundle, networks, tables }: LoadedRegion,
  { photo, headingDeg, cameraHeightM, place, view }: Explained,
  wantsView: boolean,
  run: Run,
): Promise<{ bev: Picture; view: Picture | MissingPicture }> {
  const { manifest } = bundle;
  const ground = bevGeometryOf(manifest.geometry, cameraHeightM);
  const { bev } = await run('bev', () => projectToGround(photo, headingDeg, ground, 1, tables));
  const seen = {
    headingDeg: normalisedDeg(headingDeg),
    cameraHeightM: ground.cameraHeightM,
    ...(place && { centre: place }),
  };
  const groundM = ground.sizePx * ground.gsdM;
  const picture = {
    ...square(await encodeWebp(bev.image, bev.mask), ground.sizePx, groundM),
    ...seen,
  };
  if (!networks.generator) {
    return {
      bev: picture,
      view: missing("The region's bundle has no generator: there is no view, only the BEV."),
    };
  }
  if (!wantsView) return { bev: picture, view: missing('It was not asked for.') };
  const describer = new Describer(networks, manifest);
  const generated = async () =>
    nchwToRgb(await run('generate', () => describer.views([describer.shrink(bev)])), 'unit');
  const file = await encodeWebp(view ?? (await generated()));
  return { bev: picture, view: { ...square(file, viewSizePx(manifest.geometry), groundM), ...seen } };
}

/** As much ground as the BEV shows, as finely as the basemap has it. */
async function tileAt(
  { bundle, version }: LoadedRegion,
  place: LonLat | undefined,
): Promise<Picture | MissingPicture> {
  if (!place) return missing('There is no place of which it could be.');
  const { basemap, manifest } = version;
  if (basemap) {
    const { sizePx: bevSizePx, gsdM } = bevGeometryOf(bundle.manifest.geometry);
    const groundM = bevSizePx * gsdM;
    const finest = Math.round(groundM / basemap.gsdM(place.lat));
    const sizePx = Math.min(MOST_TILE_PX, Math.max(bevSizePx, finest));
    const { image, shown } = await basemap.cut(place, groundM, sizePx);
    if (!shown.includes(1)) return missing('The basemap has no imagery there.');
    const { attribution } = manifest.basemap ?? {};
    return {
      ...square(await encodeWebp(image, shown), sizePx, groundM),
      centre: place,
      ...(attribution !== undefined && { attribution }),
    };
  }
  return missing(
    'The version of the index has no basemap, and so no imagery to show: "skyfix index rebuild" makes one with it.',
  );
}

/** Side of a picture of imagery. */
const MOST_TILE_PX = 512;

const missing = (reason: string): MissingPicture => ({ missing: reason });

function square(file: Buffer, sizePx: number, groundM: number) {
  return {
    mediaType: 'image/webp',
    data: file.toString('base64'),
    widthPx: sizePx,
    heightPx: sizePx,
    metresPerPixel: groundM / sizePx,
    groundM,
    upDeg: 0 as const,
  };
}
