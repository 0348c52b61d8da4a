// Text fields to checked options. Nothing is guessed: an unknown name, a second value or an odd number is refused.
import type { ErrorObject } from 'ajv';
import { SkyfixError } from '../../errors/index.js';
import type { Bounds } from '../../geometry/index.js';
import {
  checkHeadingOptions,
  type LocateOptions,
  PICTURES,
  type PictureName,
  type Prior,
} from '../../locate/index.js';
import {
  LOCATE_PROPERTIES,
  type LocateField,
  type LocateParameters,
  validateLocate,
} from './locate-schema.js';

/** A number as JSON writes it: no plus, no hex, no NaN, no blanks. */
const JSON_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

/** Throws PARAMETER_INVALID that names the field, its value and what it should be. */
export function parseLocateParameters(fields: ReadonlyMap<string, string>): LocateParameters {
  const values: Record<string, unknown> = {};
  for (const [name, text] of fields) {
    if (!Object.hasOwn(LOCATE_PROPERTIES, name)) {
      throw invalid(
        `"${shown(name)}" is not a parameter; there are ${Object.keys(LOCATE_PROPERTIES).join(', ')}.`,
      );
    }
    values[name] = parseField(name as LocateField, text);
  }
  if (!validateLocate(values)) throw describe(validateLocate.errors?.[0], fields);
  return values;
}

/**
 * Checked parameters to what `locate` takes. Throws PARAMETER_INVALID for half a prior or two, and what
 * checkHeadingOptions finds.
 */
export function toLocateOptions(parameters: LocateParameters, maxPixels: number): LocateOptions {
  const { lon, lat, radiusM, bbox, region: _region, include, ...rest } = parameters;
  checkHeadingOptions(rest);
  return { ...rest, prior: priorOf(parameters), include: picturesOf(include), maxPixels };
}

/** Names of pictures, each once. */
function picturesOf(text: string | undefined): readonly PictureName[] | undefined {
  if (text === undefined) return undefined;
  const names = text.split(',');
  const known = (name: string): name is PictureName => (PICTURES as readonly string[]).includes(name);
  if (names.every(known) && new Set(names).size === names.length) return names;
  throw invalid(
    `"include" must be some of ${PICTURES.join(',')}, each at most once; it is "${shown(text)}".`,
  );
}

/** A circle or a box, whole, and not both. */
function priorOf({ lon, lat, radiusM, bbox }: LocateParameters): Prior | undefined {
  const circle = Object.entries({ lon, lat, radiusM }).filter(([, value]) => value !== undefined);
  if (bbox !== undefined) {
    if (circle.length > 0) throw invalid('bbox and lon, lat, radiusM exclude each other.');
    return { bounds: parseBbox(bbox) };
  }
  if (circle.length === 0) return undefined;
  if (lon === undefined || lat === undefined || radiusM === undefined) {
    throw invalid(
      `lon, lat and radiusM go together; only ${circle.map(([name]) => name).join(' and ')} came.`,
    );
  }
  return { centre: { lon, lat }, radiusM };
}

/** West above east is a box across the antimeridian (RFC 7946, section 5.2). */
function parseBbox(text: string): Bounds {
  const [west = 0, south = 0, east = 0, north = 0] = text.split(',').map(Number);
  const inside =
    Math.max(Math.abs(west), Math.abs(east)) <= 180 && Math.max(Math.abs(south), Math.abs(north)) <= 90;
  if (!inside || south > north) {
    throw invalid(`"bbox" must be west,south,east,north in degrees, south not above north; it is "${text}".`);
  }
  return [west, south, east, north];
}

function parseField(name: LocateField, text: string): unknown {
  const { type } = LOCATE_PROPERTIES[name];
  if (type === 'string') return text;
  if (type === 'boolean') {
    if (text !== 'true' && text !== 'false')
      throw invalid(`"${name}" must be true or false; it is "${shown(text)}".`);
    return text === 'true';
  }
  return parseNumber(name, text);
}

function parseNumber(name: string, text: string): number {
  const value = JSON_NUMBER.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw invalid(`"${name}" must be a number; it is "${shown(text)}".`);
  return value;
}

function describe(error: ErrorObject | undefined, fields: ReadonlyMap<string, string>): SkyfixError {
  const [name = ''] = (error?.instancePath ?? '').slice(1).split('/');
  return invalid(`"${name}" ${error?.message ?? 'is not valid'}; it is "${shown(fields.get(name) ?? '')}".`);
}

function invalid(detail: string): SkyfixError {
  return new SkyfixError('PARAMETER_INVALID', detail);
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
