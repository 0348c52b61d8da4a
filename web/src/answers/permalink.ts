// An answer in the address, without the image: the part behind the # never leaves the browser. JSON, deflated (RFC 1951),
// base64url (RFC 4648).
import type { Answer, Question } from '../api/types.js';

export interface Linked {
  readonly name: string;
  readonly answer: Answer;
  readonly question: Question;
}

const VERSION = '1';
const PREFIX = `#a${VERSION}.`;
/** A link that somebody else made may unpack to anything. */
const MAX_JSON_CHARS = 1_000_000;

/** The fragment of a link, with its #. */
export async function toFragment({ name, answer, question }: Linked): Promise<string> {
  const { pictures: _, ...rest } = answer;
  const json = new TextEncoder().encode(JSON.stringify({ name, answer: rest, question }));
  const bytes = await through(json, new CompressionStream('deflate-raw'), Number.POSITIVE_INFINITY);
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return PREFIX + text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Undefined for a fragment that is none of these, or is damaged. */
export async function fromFragment(fragment: string): Promise<Linked | undefined> {
  if (!fragment.startsWith(PREFIX)) return undefined;
  try {
    const text = atob(fragment.slice(PREFIX.length).replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    const json = await through(bytes, new DecompressionStream('deflate-raw'), MAX_JSON_CHARS);
    const value: unknown = JSON.parse(new TextDecoder().decode(json));
    return isLinked(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Throws RangeError beyond so many bytes. */
async function through(
  bytes: Uint8Array<ArrayBuffer>,
  stream: CompressionStream | DecompressionStream,
  maxBytes: number,
): Promise<Uint8Array> {
  const reader = new Blob([bytes]).stream().pipeThrough(stream).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const part: Uint8Array = next.value;
    length += part.length;
    if (length > maxBytes) throw new RangeError('too long');
    parts.push(part);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value);
const areStrings = (...values: unknown[]) => values.every((value) => typeof value === 'string');

/** Everything that the page then relies on. */
function isLinked(value: unknown): value is Linked {
  if (!isFields(value) || !isFields(value.answer) || !isFields(value.question)) return false;
  const { requestId, region, bundle, indexVersion, heading, results, timingsMs, warnings, cameraHeightsM } =
    value.answer;
  return (
    areStrings(value.name, requestId, region, bundle, indexVersion) &&
    value.answer.pictures === undefined &&
    isFields(heading) &&
    isNumber(heading.deg) &&
    typeof heading.source === 'string' &&
    isNumber(value.question.top) &&
    isFields(timingsMs) &&
    Object.values(timingsMs).every(isNumber) &&
    Array.isArray(cameraHeightsM) &&
    cameraHeightsM.every(isNumber) &&
    Array.isArray(warnings) &&
    areStrings(...warnings) &&
    Array.isArray(results) &&
    results.every(isPlace)
  );
}

function isPlace(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { rank, lon, lat, score, probability, radiusM, distanceM, tile } = value;
  const within = (number: unknown, limit: number) => isNumber(number) && Math.abs(Number(number)) <= limit;
  const optional = (number: unknown) => number === undefined || isNumber(number);
  const radius =
    radiusM === undefined || (isFields(radiusM) && isNumber(radiusM.p68) && isNumber(radiusM.p95));
  return (
    isNumber(rank) &&
    within(lon, 180) &&
    within(lat, 90) &&
    isNumber(score) &&
    typeof tile === 'string' &&
    optional(probability) &&
    optional(distanceM) &&
    radius
  );
}
