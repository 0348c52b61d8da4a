// GDAL's virtual mosaics (.vrt), as gdalbuildvrt writes them: sources placed side by side, their pixels as they are. What
// computes pixels (warped, derived, pansharpened, scaled, filtered) is refused by its name.
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { GeoTiffPicture, nodataNumber, type Rectangle } from './geotiff/index.js';
import { type GeoTiffOptions, sharedCaches } from './geotiff.js';
import { mosaicOf, type PlacedPicture } from './mosaic.js';
import {
  type Affine,
  givenProjection,
  movedPx,
  type Projection,
  placementOf,
  projectionOfWkt,
} from './place/index.js';
import { type ImagerySource, refused, refusedToWarp, unusable } from './port/index.js';

const MOST_BYTES = 64 * 1024 * 1024;
type Node = Readonly<Record<string, unknown>>;

const LISTS = [
  'VRTRasterBand',
  'SimpleSource',
  'ComplexSource',
  'AveragedSource',
  'KernelFilteredSource',
  'ArraySource',
];
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  isArray: (name) => LISTS.includes(name),
});

/** Throws IMAGERY_INVALID naming what of it cannot be read. */
export async function openVrt(path: string, options: GeoTiffOptions): Promise<ImagerySource> {
  const root = await parsed(path);
  const subClass = text(root['@subClass']);
  if (subClass !== undefined) throw refused(path, `it is a ${subClass}, whose pixels are computed`);
  const affine = affineOf(root, path);
  const wkt = text(root.SRS);
  const projection =
    givenProjection(options, path) ?? (wkt ? projectionOfWkt(unescaped(wkt), path) : undefined);
  if (!projection)
    throw refusedToWarp(
      path,
      'it names no coordinate system (SRS); give one with --epsg',
      '-t_srs EPSG:CODE',
    );
  const bands = list(root.VRTRasterBand);
  if (bands.length === 0) throw unusable(path, 'it has no bands');
  const shown = colourBands(bands);
  const perBand = shown.map((band) => sourcesOf(band, path));
  const shared = sharedCaches();
  const pictures: PlacedPicture[] = [];
  for (const [k, source] of (perBand[0] ?? []).entries()) {
    const same = perBand.map((sources) => sources[k]);
    if (
      perBand.some(({ length }) => length !== perBand[0]?.length) ||
      same.some((other) => !alike(source, other))
    ) {
      throw refused(path, 'its bands are put together of different sources');
    }
    const nodata = same.map((other, n) => other?.nodata ?? nodataOf(shown[n]));
    const picture = await GeoTiffPicture.open(source.file, shared, {
      georeferenced: false,
      ...(shown.length === 3 && { bands: same.map((other) => (other?.band ?? 1) - 1) }),
      ...(nodata.some((value) => value !== undefined) && { nodata }),
      ...(source.from && { clip: source.from }),
    });
    if (shown.length === 1 && source.band !== 1) throw refused(path, `it shows band ${source.band} alone`);
    pictures.push(placed(picture, source, affine, projection, path));
  }
  if (pictures.length === 0) throw unusable(path, 'it has no sources');
  const source = await mosaicOf(
    // Later sources lie on top of earlier ones.
    pictures.reverse(),
    `VRT ${basename(path)} of ${pictures.length} GeoTIFFs (${projection.name})`,
    options.range,
  );
  const [width, height] = [Number(text(root['@rasterXSize'])), Number(text(root['@rasterYSize']))];
  if (!(width > 0 && height > 0)) throw unusable(path, 'it does not say how large it is');
  const { bounds } = placementOf(width, height, affine, projection, path);
  return { ...source, bounds, facts: [`${pictures.length} files`, ...source.facts] };
}

interface VrtSource {
  readonly file: string;
  readonly band: number;
  /** Undefined where the whole file is meant. */
  readonly from: Rectangle | undefined;
  readonly to: Rectangle | undefined;
  readonly nodata: number | undefined;
}

async function parsed(path: string): Promise<Node> {
  const { size } = await stat(path);
  if (size > MOST_BYTES) throw unusable(path, `a VRT of ${size} bytes is too large`);
  const xml = await readFile(path, 'utf8');
  const valid = XMLValidator.validate(xml.replace(/^\ufeff/, ''));
  if (valid !== true)
    throw unusable(path, `it is not well-formed XML (line ${valid.err.line}: ${valid.err.msg})`);
  const { VRTDataset: root } = parser.parse(xml) as Node;
  if (!isNode(root)) throw unusable(path, 'it has no VRTDataset');
  return root;
}

function affineOf(root: Node, path: string): Affine {
  const numbers = (text(root.GeoTransform) ?? '').split(',').map(Number);
  const [c, a, b, f, d, e] = numbers;
  if (numbers.length !== 6 || !numbers.every(Number.isFinite)) {
    throw refusedToWarp(path, 'it has no GeoTransform', '-t_srs EPSG:CODE');
  }
  const affine = { a, b, c, d, e, f } as Affine;
  if (affine.a * affine.e === affine.b * affine.d)
    throw unusable(path, 'its GeoTransform maps the picture onto a line');
  return affine;
}

/** Red, green and blue by their names, else the first three; one band is grey. */
function colourBands(bands: readonly Node[]): readonly Node[] {
  const named = ['Red', 'Green', 'Blue'].flatMap((name): readonly Node[] =>
    bands.filter((band) => text(band.ColorInterp) === name).slice(0, 1),
  );
  if (named.length === 3) return named;
  return bands.length >= 3 ? bands.slice(0, 3) : bands.slice(0, 1);
}

function sourcesOf(band: Node, path: string): readonly VrtSource[] {
  const subClass = text(band['@subClass']);
  if (subClass !== undefined && subClass !== 'VRTSourcedRasterBand') {
    throw refused(path, `it has a band of class ${subClass}, whose pixels are computed`);
  }
  for (const name of ['AveragedSource', 'KernelFilteredSource', 'ArraySource']) {
    if (band[name] !== undefined) throw refused(path, `it has a ${name}, whose pixels are computed`);
  }
  if (band.SimpleSource !== undefined && band.ComplexSource !== undefined) {
    throw refused(path, 'it mixes simple and complex sources, whose order is not kept here');
  }
  return [...list(band.SimpleSource), ...list(band.ComplexSource)].map((source) => sourceOf(source, path));
}

function sourceOf(source: Node, path: string): VrtSource {
  for (const name of ['ScaleOffset', 'ScaleRatio', 'Exponent', 'LUT', 'ColorTableComponent']) {
    if (source[name] === undefined) continue;
    throw refused(path, `it has a source with ${name}, whose pixels are computed`);
  }
  const name = source.SourceFilename;
  const file = unescaped(text(name) ?? '');
  const relative = isNode(name) && text(name['@relativeToVRT']) === '1';
  const resolved = relative && !isAbsolute(file) ? join(dirname(path), file) : file;
  if (!/\.tiff?$/i.test(file)) throw refused(path, `its source "${file}" is no GeoTIFF`);
  const band = Number(text(source.SourceBand) ?? 1);
  if (!Number.isInteger(band) || band < 1) {
    throw refused(path, `its source ${file} is read by "${text(source.SourceBand)}", which is no band`);
  }
  const nodata = text(source.NODATA);
  return {
    file: resolved,
    band,
    from: rectangleOf(source.SrcRect),
    to: rectangleOf(source.DstRect),
    nodata: nodata === undefined ? undefined : nodataNumber(nodata, false),
  };
}

/** Where a source lies: its pixels' transform is the VRT's, moved and scaled by the two rectangles. */
function placed(
  picture: GeoTiffPicture,
  { from, to }: VrtSource,
  affine: Affine,
  projection: Projection,
  path: string,
): PlacedPicture {
  const { widthPx, heightPx } = picture.layout;
  const whole = { x: 0, y: 0, width: widthPx, height: heightPx };
  const [source, target] = [from ?? whole, to ?? whole];
  const [scaleX, scaleY] = [target.width / source.width, target.height / source.height];
  if (!(scaleX > 0 && scaleY > 0)) throw unusable(path, `the rectangles of ${picture.path} are empty`);
  const origin = movedPx(affine, target.x - source.x * scaleX, target.y - source.y * scaleY);
  const own = {
    ...origin,
    a: affine.a * scaleX,
    d: affine.d * scaleX,
    b: affine.b * scaleY,
    e: affine.e * scaleY,
  };
  return { picture, projection, placement: placementOf(widthPx, heightPx, own, projection, path) };
}

function alike(a: VrtSource, b: VrtSource | undefined): boolean {
  return (
    b !== undefined && a.file === b.file && JSON.stringify([a.from, a.to]) === JSON.stringify([b.from, b.to])
  );
}

function nodataOf(band: Node | undefined): number | undefined {
  const value = text(band?.NoDataValue);
  return value === undefined ? undefined : nodataNumber(value, false);
}

function rectangleOf(value: unknown): Rectangle | undefined {
  if (!isNode(value)) return undefined;
  const number = (name: string) => Number(text(value[name]) ?? Number.NaN);
  const rectangle = {
    x: number('@xOff'),
    y: number('@yOff'),
    width: number('@xSize'),
    height: number('@ySize'),
  };
  return Object.values(rectangle).every(Number.isFinite) ? rectangle : undefined;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function list(value: unknown): readonly Node[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [];
  return values.filter(isNode);
}

/** An element's text, with or without attributes. */
function text(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (isNode(value) && typeof value['#text'] === 'string') return value['#text'];
  return undefined;
}

function unescaped(value: string): string {
  const names: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: '<', gt: '>', amp: '&' };
  return value.replaceAll(/&(quot|apos|lt|gt|amp);/g, (_, name: string) => names[name] ?? '');
}
