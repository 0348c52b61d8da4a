// Coordinate systems: what a file or its user names, as functions to and from longitude and latitude on WGS 84.
import proj4 from 'proj4';
import proj4List from 'proj4-list';
import { messageOf } from '../../../src/errors/index.js';
import type { LonLat } from '../../../src/geometry/index.js';
import { refusedToWarp, unusable } from '../port/index.js';

export interface Projection {
  /** For people: "EPSG:32632", or the definition that was given. */
  readonly name: string;
  toLonLat(x: number, y: number): LonLat;
  fromLonLat(place: LonLat): readonly [x: number, y: number];
  /** Where x means the same again: 360 degrees, or the mercator world's width; undefined where it never does. */
  readonly periodX: number | undefined;
  /** EPSG code of its unit of length (9001 metre, 9002 foot, 9003 US survey foot); undefined for degrees and others. */
  readonly linearUnit: number | undefined;
}

export interface CrsOptions {
  /** A proj4 definition, or "EPSG:code", instead of what the file says. */
  readonly proj4?: string | undefined;
  /** An EPSG code instead of what the file says. */
  readonly epsg?: number | undefined;
}

/** proj4's numbers for datums. */
const GRID_SHIFT = 3;
const NO_DATUM = 5;
const LINEAR_UNITS: Readonly<Record<string, number>> = { m: 9001, ft: 9002, 'us-ft': 9003 };

/** What the user gave, or undefined. Throws IMAGERY_INVALID. */
export function givenProjection(
  { proj4: definition, epsg }: CrsOptions,
  path: string,
): Projection | undefined {
  if (epsg !== undefined) return projectionOfCode(epsg, path);
  if (definition === undefined) return undefined;
  const text = definition.replaceAll(/\s+/g, ' ').trim();
  const code = /^(?:\+init=)?(?:epsg:|urn:ogc:def:crs:epsg:[\d.]*:)?(\d+)(?: \+no_defs)?$/i.exec(text)?.[1];
  if (code !== undefined) return projectionOfCode(Number(code), path);
  if (!/\+?proj=|^[A-Z]+CRS\[|^(PROJCS|GEOGCS|COMPD_CS)\[/i.test(text)) {
    throw unusable(
      path,
      `--proj4 "${text}" is neither a definition that begins with +proj= nor an EPSG code`,
    );
  }
  return projectionOf(text, text, path);
}

/** A code of the EPSG register. Throws IMAGERY_INVALID where it is not known, or is not right without grid files. */
export function projectionOfCode(code: number, path: string): Projection {
  const definition = definitionOf(code);
  if (definition === undefined) {
    throw refusedToWarp(
      path,
      `EPSG:${code} is not among the ${Object.keys(proj4List).length} coordinate systems known here; give its definition ` +
        `with --proj4 ("gdalsrsinfo -o proj4 EPSG:${code}" prints one; it must name a datum or +towgs84)`,
      `-t_srs EPSG:3857`,
    );
  }
  return projectionOf(definition, `EPSG:${code}`, path);
}

/** Well-known text, as VRT files and Esri's citations have it: by its EPSG code where it ends with one. */
export function projectionOfWkt(wkt: string, path: string): Projection {
  const text = wkt.trim();
  const code = /(?:AUTHORITY\["EPSG",\s*"(\d+)"\]|ID\["EPSG",\s*(\d+)\])\s*\]\s*$/i.exec(text);
  if (code) return projectionOfCode(Number(code[1] ?? code[2]), path);
  if (/^EPSG:\d+$/i.test(text)) return projectionOfCode(Number(text.slice(5)), path);
  const name = /^\w+\["([^"]*)"/.exec(text)?.[1] ?? 'well-known text';
  return projectionOf(text, name, path);
}

/** The systems on WGS 84 and ETRS89 by rule, Australia's newest by rule, all others from the list. */
function definitionOf(code: number): string | undefined {
  if (code === 4326) return '+proj=longlat +datum=WGS84 +no_defs';
  if ([3857, 900913, 102100, 102113, 3785].includes(code)) return 'EPSG:3857';
  if (code > 32600 && code <= 32660) return `+proj=utm +zone=${code - 32600} +datum=WGS84 +units=m +no_defs`;
  if (code > 32700 && code <= 32760) {
    return `+proj=utm +zone=${code - 32700} +south +datum=WGS84 +units=m +no_defs`;
  }
  if (code >= 25828 && code <= 25838) {
    return `+proj=utm +zone=${code - 25800} +ellps=GRS80 +towgs84=0,0,0 +units=m +no_defs`;
  }
  if (code >= 7846 && code <= 7859) {
    return `+proj=utm +zone=${code - 7800} +south +ellps=GRS80 +towgs84=0,0,0 +units=m +no_defs`;
  }
  return proj4List[`EPSG:${code}`]?.[1].trim();
}

function projectionOf(definition: string, name: string, path: string): Projection {
  let system: SystemOf;
  let converter: Converter;
  try {
    system = new proj4.Proj(definition) as unknown as SystemOf;
    converter = proj4(definition, 'WGS84');
  } catch (error) {
    throw unusable(path, `the coordinate system ${name} cannot be used (${messageOf(error)})`, error);
  }
  checkDatum(system, definition, name, path);
  const isLonLat = system.projName === 'longlat';
  const isMercator = system.names?.includes('merc') ?? false;
  const scale = system.to_meter ?? 1;
  return {
    name,
    toLonLat: (x, y) => {
      const [lon, lat] = converter.forward([x, y]) as [number, number];
      return { lon, lat };
    },
    fromLonLat: ({ lon, lat }) => converter.inverse([lon, lat]) as [number, number],
    periodX: isLonLat ? 360 : isMercator ? (2 * Math.PI * system.a * (system.k0 ?? 1)) / scale : undefined,
    linearUnit: isLonLat ? undefined : LINEAR_UNITS[system.units ?? (scale === 1 ? 'm' : '')],
  };
}

interface Converter {
  forward(point: [number, number]): number[];
  inverse(point: [number, number]): number[];
}

/** What is read of proj4's own object. */
interface SystemOf {
  readonly projName: string;
  /** All that the projection is called. */
  readonly names?: readonly string[] | null;
  readonly a: number;
  readonly k0?: number;
  readonly units?: string;
  readonly to_meter?: number;
  readonly datum: { readonly datum_type: number };
  readonly nadgrids?: string;
}

function checkDatum({ datum, a, nadgrids }: SystemOf, definition: string, name: string, path: string): void {
  const nad27 = /\bNAD27\b/i.test(definition); // its grid files are optional to proj4, which then leaves the shift out
  if (datum.datum_type === GRID_SHIFT || nad27) {
    throw refusedToWarp(
      path,
      `the coordinate system ${name} needs grid shift files (${nadgrids ?? 'of its datum'}), which are not read here; give ` +
        'its datum as +towgs84=dx,dy,dz,rx,ry,rz,s in --proj4',
      '-t_srs EPSG:3857',
    );
  }
  // GRS 80 without a datum is ETRS89, GDA, NAD83 and the like, all within about 2 m of WGS 84.
  if (datum.datum_type !== NO_DATUM || Math.abs(a - 6378137) < 1) return;
  const shown = definition === name ? '' : ` (${definition})`;
  throw unusable(
    path,
    `the coordinate system ${name}${shown} names no datum: on its ellipsoid that is 100 m or more beside WGS 84; use an ` +
      'EPSG code with --epsg, or add +datum= or +towgs84=dx,dy,dz,rx,ry,rz,s to --proj4 (+towgs84=0,0,0 where it is WGS 84)',
  );
}
