// Broken PNG files.
import { numberBytes, pngChunk, withChunks, xmpText } from '../../support/image-files.js';
import type { Draw } from './draw.js';
import { deflated, exifBlock, iccProfile, xmpPacket } from './metadata.js';
import { HEIGHT, type Makers, WIDTH } from './originals.js';

/** Metadata chunks, lengths, headers, chunks in any order. */
export const PNG_MAKERS: Makers = {
  exif: (draw, { png }) => withChunks(draw.of(png), [['eXIf', exifBlock(draw)]], draw.of(['IDAT', 'IEND'])),
  xmp: (draw, { png }) =>
    withChunks(
      draw.of(png),
      Array.from(
        { length: 1 + draw.below(4) },
        () =>
          [
            'iTXt',
            xmpText(draw.chance(0.3) ? deflated(draw, xmpPacket(draw)) : xmpPacket(draw), draw.chance(0.4)),
          ] as const,
      ),
    ),
  profile: (draw, { png }) => {
    const block = draw.chance(0.5) ? exifBlock(draw).subarray(0, 100_000) : xmpPacket(draw);
    const text = Buffer.from(
      `\n${draw.of(['exif', 'xmp'])}\n   ${draw.number(block.length)}\n${block.toString('hex')}${draw.of(['', ' ', 'zz'])}`,
    );
    return withChunks(draw.of(png), [
      [
        'zTXt',
        Buffer.concat([
          Buffer.from(`Raw profile type ${draw.of(['exif', 'xmp', 'APP1'])}\0\0`),
          deflated(draw, text),
        ]),
      ],
    ]);
  },
  icc: (draw, { png }) =>
    withChunks(draw.of(png), [
      ['iCCP', Buffer.concat([Buffer.from('p\0\0'), deflated(draw, iccProfile(draw))])],
    ]),
  lengths: (draw, { png }) =>
    eachChunk(draw, draw.of(png), (file, at) => file.writeUInt32BE(draw.number(file.length - at), at)),
  header: (draw, { png }) => {
    const file = Buffer.from(draw.of(png));
    const ihdr = Buffer.concat([
      numberBytes(draw.number(WIDTH), 4, false),
      numberBytes(draw.number(HEIGHT), 4, false),
      Buffer.from([
        draw.of([1, 2, 4, 8, 16, 255]),
        draw.of([0, 2, 3, 4, 6, 9]),
        draw.below(2),
        draw.below(2),
        draw.below(3),
      ]),
    ]);
    pngChunk('IHDR', ihdr).copy(file, 8);
    return file;
  },
  chunks: (draw, { png }) => {
    const types = [
      'PLTE',
      'tRNS',
      'gAMA',
      'cHRM',
      'sBIT',
      'acTL',
      'fcTL',
      'IDAT',
      'IEND',
      'IHDR',
      'sRGB',
      'bKGD',
      'tEXt',
      'zTXt',
      'cICP',
    ];
    const chunks = Array.from(
      { length: draw.of([1, 5, 500]) },
      () => [draw.of(types), draw.bytes(draw.below(40))] as const,
    );
    return withChunks(draw.of(png), chunks, draw.of(['IDAT', 'IEND']));
  },
};

/** Does something to one of a PNG's chunks. */
function eachChunk(draw: Draw, png: Buffer, change: (file: Buffer, at: number) => void): Buffer {
  const file = Buffer.from(png);
  const starts: number[] = [];
  for (let at = 8; at + 8 <= file.length; at += 12 + file.readUInt32BE(at)) starts.push(at);
  change(file, draw.of(starts));
  return file;
}
