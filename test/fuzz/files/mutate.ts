// Files of all formats that are wrong in one or a few places of their structure, made from small sound ones.
import type { Draw } from './draw.js';
import { JPEG_MAKERS } from './jpeg-makers.js';
import { flipped, type Makers, type Originals } from './originals.js';
import { PNG_MAKERS } from './png-makers.js';
import { AVIF_MAKERS, WEBP_MAKERS } from './riff-and-box-makers.js';
import { TIFF_MAKERS } from './tiff-makers.js';

export interface FuzzedFile {
  readonly format: string;
  /** What was done to it. */
  readonly kind: string;
  readonly bytes: Buffer;
}

/** Other formats, files in files, ends, noise, and sound files too. */
const OTHER_MAKERS: Makers = {
  foreign: (draw) =>
    Buffer.concat([
      Buffer.from(
        draw.of([
          'GIF89a',
          'BM',
          '%PDF-1.7',
          '\x1f\x8b',
          '8BPS',
          '<svg xmlns="http://www.w3.org/2000/svg" width="9999" height="9999">',
          'P6 9999 9999 255\n',
          'v/1\x01',
          '\0\0\0\x18ftypheic',
          '\0\0\0\x0cJXL \r\n\x87\n',
          'SIMPLE  =',
          '#?RADIANCE\n',
          'II*\0',
          'MM\0+',
        ]),
        'latin1',
      ),
      draw.bytes(draw.below(500)),
    ]),
  nested: (draw, originals) => {
    const [outer, inner] = [
      draw.of(Object.values(originals)) as readonly Buffer[],
      draw.of(Object.values(originals)) as readonly Buffer[],
    ];
    const [a, b] = [draw.of(outer), draw.of(inner)];
    const at = draw.below(a.length);
    return Buffer.concat([a.subarray(0, at), b, a.subarray(at)]);
  },
  truncated: (draw, originals) => {
    const file = draw.of(draw.of(Object.values(originals)) as readonly Buffer[]);
    return file.subarray(0, draw.below(file.length));
  },
  bits: (draw, originals) =>
    flipped(draw, draw.of(draw.of(Object.values(originals)) as readonly Buffer[]), 1 + draw.below(10)),
  noise: (draw) => draw.bytes(1 + draw.below(2000)),
  sound: (draw, originals) => draw.of(draw.of(Object.values(originals)) as readonly Buffer[]),
};

const MAKERS: Readonly<Record<string, Makers>> = {
  jpeg: JPEG_MAKERS,
  png: PNG_MAKERS,
  webp: WEBP_MAKERS,
  avif: AVIF_MAKERS,
  tiff: TIFF_MAKERS,
  other: OTHER_MAKERS,
};

const RECIPES = Object.entries(MAKERS).flatMap(([format, makers]) =>
  Object.entries(makers).map(([kind, make]) => ({ format, kind, make })),
);

/** File number `number`; one recipe after another, so that each has its share. Some are cut off on top. */
export function fuzzedFile(draw: Draw, originals: Originals, number: number): FuzzedFile {
  const { format, kind, make } = RECIPES[number % RECIPES.length] as (typeof RECIPES)[number];
  const bytes = make(draw, originals);
  return { format, kind, bytes: draw.chance(0.05) ? bytes.subarray(0, draw.below(bytes.length)) : bytes };
}
