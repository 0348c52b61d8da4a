// Broken JPEG files.
import { exifSegment, extendedSegment, withSegments, xmpSegment } from '../../support/image-files.js';
import type { Draw } from './draw.js';
import { exifBlock, iccProfile, mpfBlock, xmpPacket } from './metadata.js';
import { HEIGHT, type Makers, WIDTH } from './originals.js';

/** Metadata segments, lengths, tables, dimensions, scans. */
export const JPEG_MAKERS: Makers = {
  exif: (draw, { jpeg }) =>
    withSegments(
      draw.of(jpeg),
      Array.from({ length: 1 + draw.below(3) }, () => exifSegment(exifBlock(draw).subarray(0, 65_500))),
    ),
  xmp: (draw, { jpeg }) =>
    withSegments(
      draw.of(jpeg),
      Array.from({ length: 1 + draw.below(6) }, () => xmpSegment(xmpPacket(draw).subarray(0, 65_000))),
    ),
  extended: (draw, { jpeg }) => {
    const piece = xmpPacket(draw).subarray(0, 60_000);
    const pieces = Array.from({ length: 1 + draw.below(5) }, () =>
      extendedSegment('G'.repeat(32), draw.number(piece.length), draw.number(piece.length), piece),
    );
    const main = xmpSegment(
      Buffer.from(`<rdf:RDF><rdf:Description xmpNote:HasExtendedXMP="${'G'.repeat(32)}"/></rdf:RDF>`),
    );
    return withSegments(draw.of(jpeg), [main, ...pieces]);
  },
  icc: (draw, { jpeg }) =>
    withSegments(draw.of(jpeg), [
      [
        0xe2,
        Buffer.concat([
          Buffer.from('ICC_PROFILE\0'),
          Buffer.from([draw.below(3), draw.below(3)]),
          iccProfile(draw),
        ]),
      ],
    ]),
  mpf: (draw, { jpeg }) =>
    Buffer.concat([withSegments(draw.of(jpeg), [[0xe2, mpfBlock(draw)]]), draw.of(jpeg)]),
  lengths: (draw, { jpeg }) =>
    eachSegment(draw, draw.of(jpeg), (file, at) =>
      file.writeUInt16BE(draw.number(file.length - at) % 65_536, at + 2),
    ),
  tables: (draw, { jpeg }) =>
    eachSegment(draw, draw.of(jpeg), (file, at) =>
      draw.bytes(1 + draw.below(6)).copy(file, at + 4 + draw.below(20)),
    ),
  dimensions: (draw, { jpeg }) => {
    const file = Buffer.from(draw.of(jpeg));
    const at = Math.max(file.indexOf(Buffer.from([0xff, 0xc0])), file.indexOf(Buffer.from([0xff, 0xc2])));
    file.writeUInt16BE(draw.number(HEIGHT) % 65_536, at + 5);
    file.writeUInt16BE(draw.number(WIDTH) % 65_536, at + 7);
    if (draw.chance(0.3)) file[at + 9] = draw.below(256);
    return file;
  },
  scans: (draw, { jpeg }) => {
    const file = jpeg[1] ?? draw.of(jpeg);
    const scan = file.subarray(file.lastIndexOf(Buffer.from([0xff, 0xda])), file.length - 2);
    return Buffer.concat([
      file.subarray(0, -2),
      ...Array.from({ length: draw.of([2, 50, 500]) }, () => scan),
      file.subarray(-2),
    ]);
  },
};

/** Does something to one of a JPEG's segments. */
function eachSegment(draw: Draw, jpeg: Buffer, change: (file: Buffer, at: number) => void): Buffer {
  const file = Buffer.from(jpeg);
  const starts: number[] = [];
  for (let at = 2; file[at] === 0xff && file[at + 1] !== 0xda; at += 2 + file.readUInt16BE(at + 2))
    starts.push(at);
  change(file, draw.of(starts));
  return file;
}
