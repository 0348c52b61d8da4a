// What POST /locate/sequence takes beside the images: the fields of /locate for all of them, and "frames" for each.
import { messageOf, SkyfixError, schemaCheck } from '../../errors/index.js';
import type { LocateOptions } from '../../locate/index.js';
import { momentOf, TIME_PATTERN } from '../../sequences/index.js';
import { parseLocateParameters, toLocateOptions } from './locate-parameters.js';
import { LOCATE_PROPERTIES, type LocateParameters } from './locate-schema.js';

/** The field with what is known of each image, a JSON array in their order. */
export const FRAMES_FIELD = 'frames';
/** Bytes of that field, for each image. */
export const FRAME_BYTES = 1024;
/** Candidates of each image: as many as /locate gives. */
const CANDIDATES = 50;

const {
  headingDeg,
  heading,
  headingToleranceDeg,
  pitchDeg,
  rollDeg,
  cameraHeightM,
  verticalFovDeg,
  horizonShare,
  horizontalFovDeg,
  projection,
} = LOCATE_PROPERTIES;

/** Of one entry of "frames"; openapi.yaml says the same and a test holds them equal. */
export const FRAME_PROPERTIES = {
  distanceM: { type: 'number', minimum: 0, maximum: 1_000_000 },
  seconds: { type: 'number', minimum: 0, maximum: 10_000_000 },
  time: { type: 'string', pattern: TIME_PATTERN },
  headingDeg,
  heading: { type: heading.type, enum: heading.enum },
  headingToleranceDeg,
  pitchDeg,
  rollDeg,
  cameraHeightM,
  verticalFovDeg,
  horizonShare,
  horizontalFovDeg,
  projection: { type: projection.type, enum: projection.enum },
} as const;

type FrameFields = Partial<Pick<LocateParameters, keyof typeof FRAME_PROPERTIES & keyof LocateParameters>> & {
  readonly distanceM?: number;
  readonly seconds?: number;
  readonly time?: string;
};

const validateFrames = schemaCheck<readonly FrameFields[]>({
  type: 'array',
  items: { type: 'object', additionalProperties: false, properties: FRAME_PROPERTIES },
});

export interface FrameQuestion {
  readonly options: LocateOptions;
  /** From the frame before it. */
  readonly distanceM?: number | undefined;
  readonly seconds?: number | undefined;
  /** When it was taken. */
  readonly time?: string | undefined;
}

export interface SequenceQuestion {
  readonly region: string | undefined;
  /** One an image. */
  readonly frames: readonly FrameQuestion[];
}

/** Of /locate's fields those that say nothing about a sequence. */
const NOT_OF_SEQUENCES: readonly string[] = ['top', 'include'];

/** Throws PARAMETER_INVALID that names the field, or the entry of "frames", its value and what it should be. */
export function parseSequence(
  fields: ReadonlyMap<string, string>,
  images: number,
  maxPixels: number,
): SequenceQuestion {
  const common = new Map(fields);
  common.delete(FRAMES_FIELD);
  for (const name of NOT_OF_SEQUENCES) {
    if (common.has(name)) throw invalid(`"${name}" is not a parameter of a sequence.`);
  }
  const parameters = parseLocateParameters(common);
  const text = fields.get(FRAMES_FIELD);
  const entries = text === undefined ? Array.from({ length: images }, () => ({})) : parseFrames(text, images);
  const frames = entries.map(({ distanceM, seconds, time, ...own }: FrameFields, k) => {
    if (time !== undefined && !momentOf(time)) {
      throw invalid(`"${FRAMES_FIELD}[${k}].time" is ${JSON.stringify(time)}, which is in no calendar.`);
    }
    const options = optionsOf({ ...parameters, ...own, top: CANDIDATES }, maxPixels, text && `frames[${k}]`);
    return { options, distanceM, seconds, time };
  });
  return { region: parameters.region, frames };
}

function parseFrames(text: string, images: number): readonly FrameFields[] {
  const frames = parseJson(text);
  if (!validateFrames(frames)) {
    const { instancePath = '', message = 'is not valid', params } = validateFrames.errors?.[0] ?? {};
    const at = `${FRAMES_FIELD}${instancePath.replace(/^\/(\d+)/, '[$1]').replaceAll('/', '.')}`;
    const { additionalProperty } = (params ?? {}) as { additionalProperty?: string };
    const what = additionalProperty === undefined ? '' : `; it has "${additionalProperty.slice(0, 60)}"`;
    throw invalid(`"${at}" ${message}${what || shownValue(frames, instancePath)}.`);
  }
  if (frames.length !== images) {
    throw invalid(`"${FRAMES_FIELD}" has ${frames.length} entries; the form has ${images} images.`);
  }
  return frames;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw invalid(
      `"${FRAMES_FIELD}" must be a JSON array with an object for each image (${messageOf(error)}).`,
    );
  }
}

/** Plain values only: an object in the wrong place says enough by its place. */
function shownValue(frames: unknown, path: string): string {
  const value = path
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], frames);
  return typeof value === 'object' ? '' : `; it is ${JSON.stringify(value)?.slice(0, 60)}`;
}

/** Whose fault it is, where an entry of "frames" had a part in it. */
function optionsOf(
  parameters: LocateParameters,
  maxPixels: number,
  entry: string | undefined,
): LocateOptions {
  try {
    return toLocateOptions(parameters, maxPixels);
  } catch (error) {
    if (entry === undefined || !(error instanceof SkyfixError)) throw error;
    throw new SkyfixError(error.code, `${entry}: ${error.detail}`, { cause: error });
  }
}

function invalid(detail: string): SkyfixError {
  return new SkyfixError('PARAMETER_INVALID', detail);
}
