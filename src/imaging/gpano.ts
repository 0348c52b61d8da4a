// GPano: Google's photo sphere XMP metadata (namespace http://ns.google.com/photos/1.0/panorama/).
import { MAX_XMP_BYTES, readXmpProperties, type XmpProperty, xmpText } from './xmp.js';

const GPANO = /^https?:\/\/ns\.google\.com\/photos\/1\.0\/panorama\/?$/;
/** Google's words for spherical video, which some stitchers put into stills too. */
const GSPHERICAL = /^https?:\/\/ns\.google\.com\/videos\/1\.0\/spherical\/?$/;
const XMP_NOTE = 'http://ns.adobe.com/xmp/note/';

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
  /** As written. */
  readonly projection?: string;
  /** As written: "top-bottom", "left-right", ... */
  readonly stereoMode?: string;
  readonly numbers: Readonly<Partial<Record<Field, number>>>;
  readonly warnings: readonly string[];
}

/** Where a file keeps its XMP. */
export interface XmpPackets {
  readonly packets: readonly Uint8Array[];
  /** JPEG's extended XMP (XMP part 3, 1.1.3.1): one packet in pieces, by the GUID that the main packet names. */
  readonly extended: readonly ExtendedXmp[];
}

export interface ExtendedXmp {
  readonly guid: string;
  readonly totalBytes: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * Reads the GPano fields of a file's XMP packets; the first value of a field counts. A value of the wrong type is left out
 * and named in `warnings`; so is a packet that cannot be read or is too long. Never throws.
 */
export function readGpano({ packets, extended }: XmpPackets): Gpano {
  const reading = new Reading();
  for (const packet of packets) reading.packet(packet);
  const pieces = extended.filter(({ guid }) => guid === reading.extensionGuid);
  if (pieces.length > 0) reading.extension(pieces);
  const { projection, stereoMode, numbers, warnings } = reading;
  return {
    ...(projection !== undefined && { projection }),
    ...(stereoMode !== undefined && { stereoMode }),
    numbers,
    warnings,
  };
}

class Reading {
  projection: string | undefined;
  stereoMode: string | undefined;
  extensionGuid: string | undefined;
  readonly numbers: Partial<Record<Field, number>> = {};
  readonly warnings: string[] = [];
  readonly #refused = new Set<Field>();
  #bytesLeft = MAX_XMP_BYTES;

  packet(bytes: Uint8Array): void {
    if (this.#isTooLong(bytes.length)) return;
    this.#bytesLeft -= bytes.length;
    const complete = readXmpProperties(xmpText(bytes), (property) => this.#property(property));
    if (!complete) {
      this.warnings.push('The XMP metadata is not well-formed XML: what follows the fault was ignored.');
    }
  }

  /** Pieces in any order; each byte once, or the packet is none. */
  extension(pieces: readonly ExtendedXmp[]): void {
    const sorted = [...pieces].sort((a, b) => a.offset - b.offset);
    const totalBytes = sorted[0]?.totalBytes ?? 0;
    if (this.#isTooLong(totalBytes)) return;
    let at = 0;
    const inOrder = sorted.filter(({ offset, bytes }) => {
      const next = offset === at;
      if (next) at += bytes.length;
      return next;
    });
    if (at !== totalBytes || sorted.some((piece) => piece.totalBytes !== totalBytes)) {
      this.warnings.push(
        "The pieces of the file's extended XMP metadata do not fit together; it was ignored.",
      );
      return;
    }
    this.packet(Buffer.concat(inOrder.map(({ bytes }) => bytes)));
  }

  #isTooLong(bytes: number): boolean {
    if (bytes <= this.#bytesLeft) return false;
    this.warnings.push(
      `XMP metadata of ${bytes} bytes is over the limit of ${MAX_XMP_BYTES}; it was not read.`,
    );
    return true;
  }

  #property({ namespace, name, text }: XmpProperty): void {
    if (namespace === XMP_NOTE && name === 'HasExtendedXMP') this.extensionGuid ??= text.trim();
    const spherical = GSPHERICAL.test(namespace);
    if (!spherical && !GPANO.test(namespace)) return;
    if (name === 'ProjectionType') this.projection ??= text;
    else if (name === 'StereoMode') this.stereoMode ??= text;
    else if (!spherical && isField(name)) this.#number(name, text);
  }

  #number(name: Field, text: string): void {
    if (this.numbers[name] !== undefined || this.#refused.has(name)) return;
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(number)) {
      this.numbers[name] = number;
      return;
    }
    this.#refused.add(name);
    this.warnings.push(
      `GPano ${name} is ${JSON.stringify(text.slice(0, 40))}, not a number; it was ignored.`,
    );
  }
}

function isField(name: string): name is Field {
  return (FIELDS as readonly string[]).includes(name);
}
