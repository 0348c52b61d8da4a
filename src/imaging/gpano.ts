// GPano: Google's photo sphere XMP metadata (namespace http://ns.google.com/photos/1.0/panorama/).
import { XMLParser } from 'fast-xml-parser';

const FIELDS = [
  'FullPanoWidthPixels',
  'FullPanoHeightPixels',
  'CroppedAreaImageWidthPixels',
  'CroppedAreaImageHeightPixels',
  'CroppedAreaLeftPixels',
  'CroppedAreaTopPixels',
  'PoseHeadingDegrees',
  'PosePitchDegrees',
  'PoseRollDegrees',
] as const;
type Field = (typeof FIELDS)[number];

export interface Gpano {
  readonly projection?: string;
  readonly numbers: Readonly<Partial<Record<Field, number>>>;
  readonly warnings: readonly string[];
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
});

/**
 * Reads the GPano fields of an XMP packet, written as attributes or as elements. A value of the wrong type is left out
 * and named in `warnings`; so is XML that cannot be read at all. Never throws.
 */
export function readGpano(xmp: string): Gpano {
  const warnings: string[] = [];
  const numbers: Partial<Record<Field, number>> = {};
  let projection: string | undefined;
  let root: unknown;
  try {
    root = parser.parse(xmp);
  } catch {
    return { numbers, warnings: ['The XMP metadata is not well-formed XML and was ignored.'] };
  }
  const open: unknown[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    for (const [name, value] of Object.entries(node)) {
      const text = textOf(value);
      if (name === 'ProjectionType') {
        projection = text;
      } else if (isField(name)) {
        const number = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
        if (Number.isFinite(number)) numbers[name] = number;
        else warnings.push(`GPano ${name} is ${JSON.stringify(text ?? null)}, not a number; it was ignored.`);
      } else if (typeof value === 'object') {
        open.push(value);
      }
    }
  }
  return { ...(projection === undefined ? {} : { projection }), numbers, warnings };
}

function isField(name: string): name is Field {
  return (FIELDS as readonly string[]).includes(name);
}

/** An element with attributes is parsed to an object that keeps its text under #text. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  const inner =
    typeof value === 'object' && value !== null ? (value as { '#text'?: unknown })['#text'] : undefined;
  return typeof inner === 'string' ? inner : undefined;
}
