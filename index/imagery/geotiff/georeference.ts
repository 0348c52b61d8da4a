// Where a GeoTIFF lies: its keys (OGC 19-008r4, clause 7) and the three tags of its transform, or a world file beside it.
import { readFile } from 'node:fs/promises';
import {
  type Affine,
  type AffineProblem,
  affineOfTags,
  affineOfWorldFile,
  type CrsOptions,
  givenProjection,
  type Projection,
  projectionOfCode,
  projectionOfWkt,
} from '../place/index.js';
import { quoted, refused, refusedToWarp, unusable } from '../port/index.js';
import { TAG } from './layout.js';
import type { Directory } from './tiff-file.js';

export interface Georeference {
  readonly affine: Affine;
  readonly projection: Projection;
}

const KEY = {
  modelType: 1024,
  rasterType: 1025,
  citation: 1026,
  geographicType: 2048,
  geographicCitation: 2049,
  angularUnits: 2054,
  projectedType: 3072,
  projectedCitation: 3073,
  linearUnits: 3076,
} as const;
const GEOCENTRIC = 3;
const GEOGRAPHIC = 2;
const PIXEL_IS_POINT = 2;
const USER_DEFINED = 32767;
const DEGREE = 9102;
const ANGULAR_UNITS: Readonly<Record<number, string>> = {
  9101: 'radians',
  9105: 'grads',
  9103: 'arc-minutes',
  9104: 'arc-seconds',
};
const LINEAR_UNITS: Readonly<Record<number, string>> = {
  9001: 'metres',
  9002: 'feet',
  9003: 'US survey feet',
};

type GeoKeys = ReadonlyMap<number, number | string>;

/** Throws IMAGERY_INVALID naming what is missing or cannot be read. */
export async function georeferenceOf(directory: Directory, options: CrsOptions): Promise<Georeference> {
  const keys = await geoKeysOf(directory);
  const affine = await affineOf(directory, keys.get(KEY.rasterType) === PIXEL_IS_POINT);
  const { path } = directory.file;
  return { affine, projection: givenProjection(options, path) ?? projectionOfKeys(keys, path) };
}

async function affineOf(directory: Directory, pixelIsPoint: boolean): Promise<Affine> {
  const numbers = async (tag: number) =>
    directory.has(tag) ? [...(await directory.numbers(tag))] : undefined;
  const affine = affineOfTags({
    pixelScale: await numbers(TAG.pixelScale),
    tiePoints: await numbers(TAG.tiePoints),
    transformation: await numbers(TAG.transformation),
    pixelIsPoint,
  });
  if (typeof affine !== 'string') return affine;
  const { path } = directory.file;
  const beside = affine === 'none' ? await worldFileOf(path) : undefined;
  if (beside) return beside;
  throw georeferenceProblem(affine, path);
}

function georeferenceProblem(problem: AffineProblem, path: string) {
  switch (problem) {
    case 'none':
      return refused(
        path,
        'it has no georeference: no tie point, no transformation, no world file beside it',
        '-a_srs EPSG:CODE -a_ullr WEST NORTH EAST SOUTH',
      );
    case 'negative-scale':
      return refused(
        path,
        'its ModelPixelScale is negative, which the specification forbids and GDAL reads as positive',
      );
    case 'zero-scale':
      return refused(path, 'its ModelPixelScale is 0', '-a_ullr WEST NORTH EAST SOUTH');
    case 'several-tie-points':
      return refusedToWarp(
        path,
        'it is tied to the ground by several control points (GCPs) and no transformation',
        '-r bilinear -t_srs EPSG:CODE',
      );
    case 'singular':
      return refused(
        path,
        'its ModelTransformation maps the picture onto a line',
        '-a_ullr WEST NORTH EAST SOUTH',
      );
  }
}

/** picture.tif has picture.tfw, picture.tifw or picture.wld beside it, in any case. */
async function worldFileOf(path: string): Promise<Affine | undefined> {
  const stem = path.replace(/\.[^./]*$/, '');
  for (const name of ['tfw', 'TFW', 'tifw', 'tfwx', 'wld']) {
    const text = await readFile(`${stem}.${name}`, 'latin1').catch(() => undefined);
    if (text === undefined) continue;
    const affine = affineOfWorldFile(text.slice(0, 4096));
    if (affine) return affine;
    throw unusable(path, `its world file ${stem}.${name} does not hold six numbers`);
  }
  return undefined;
}

function projectionOfKeys(keys: GeoKeys, path: string): Projection {
  const number = (key: number) => {
    const value = keys.get(key);
    return typeof value === 'number' ? value : undefined;
  };
  const model = number(KEY.modelType);
  if (model === GEOCENTRIC) throw refusedToWarp(path, 'its coordinates are geocentric', '-t_srs EPSG:4326');
  const geographic = model === GEOGRAPHIC || number(KEY.projectedType) === undefined;
  const code = number(geographic ? KEY.geographicType : KEY.projectedType);
  if (code === undefined) {
    throw refused(
      path,
      'it names no coordinate system; give one with --epsg or --proj4, or write it into the file',
      '-a_srs EPSG:CODE',
    );
  }
  const projection = code === USER_DEFINED ? projectionOfCitation(keys, path) : projectionOfCode(code, path);
  const unit = number(geographic ? KEY.angularUnits : KEY.linearUnits);
  const expected = geographic ? DEGREE : projection.linearUnit;
  if (unit !== undefined && unit !== USER_DEFINED && expected !== undefined && unit !== expected) {
    const names = geographic ? ANGULAR_UNITS : LINEAR_UNITS;
    throw refusedToWarp(
      path,
      `its coordinates are in ${names[unit] ?? `units of code ${unit}`}, which ${projection.name} has not`,
      '-t_srs EPSG:3857',
    );
  }
  return projection;
}

function projectionOfCitation(keys: GeoKeys, path: string): Projection {
  for (const key of [KEY.projectedCitation, KEY.citation, KEY.geographicCitation]) {
    const text = keys.get(key);
    const wkt = typeof text === 'string' ? /ESRI PE String\s*=\s*(.*)/is.exec(text)?.[1] : undefined;
    if (wkt) return projectionOfWkt(wkt.replace(/\|\s*$/, ''), path);
  }
  throw refusedToWarp(
    path,
    `its coordinate system is user-defined and has no EPSG code; give one with --epsg or --proj4 ("gdalsrsinfo -o proj4 ` +
      `${quoted(path)}" prints a definition)`,
    '-t_srs EPSG:3857',
  );
}

/** GeoKeyDirectoryTag: version, revision, minor, count, then id, tag, count, value-or-offset of each. */
async function geoKeysOf(directory: Directory): Promise<GeoKeys> {
  const words = await directory.numbers(TAG.geoKeys);
  const keys = new Map<number, number | string>();
  if (words.length < 4) return keys;
  const doubles = await directory.numbers(TAG.geoDoubles);
  const ascii = (await directory.text(TAG.geoAscii)) ?? '';
  const at = (k: number) => words[k] ?? 0;
  for (let k = 4; k + 4 <= words.length && k <= 4 * at(3); k += 4) {
    const [id, tag, count, value] = [at(k), at(k + 1), at(k + 2), at(k + 3)];
    if (tag === 0) keys.set(id, value);
    else if (tag === TAG.geoAscii) keys.set(id, ascii.slice(value, value + count).replace(/\|$/, ''));
    else if (tag === TAG.geoDoubles) keys.set(id, doubles[value] ?? Number.NaN);
  }
  return keys;
}
