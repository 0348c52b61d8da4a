// Broken WebP and AVIF files.
import { withRiffChunks } from '../../support/image-files.js';
import { exifBlock, iccProfile, xmpPacket } from './metadata.js';
import { flipped, HEIGHT, type Makers, SIZE, WIDTH } from './originals.js';

/** Metadata chunks, lengths, canvas, frames. */
export const WEBP_MAKERS: Makers = {
  exif: (draw, { webp }) => withRiffChunks(draw.of(webp), SIZE, [['EXIF', exifBlock(draw)]]),
  xmp: (draw, { webp }) => withRiffChunks(draw.of(webp), SIZE, [['XMP ', xmpPacket(draw)]]),
  icc: (draw, { webp }) => withRiffChunks(draw.of(webp), SIZE, [['ICCP', iccProfile(draw)]]),
  lengths: (draw, { webp }) => {
    const file = withRiffChunks(draw.of(webp), SIZE, [['EXIF', exifBlock(draw)]]);
    file.writeUInt32LE(draw.number(file.length), draw.of([4, 16, 34]));
    return file;
  },
  canvas: (draw, { webp }) =>
    withRiffChunks(
      draw.of(webp),
      { widthPx: 1 + (draw.number(WIDTH) % 2 ** 24), heightPx: 1 + (draw.number(HEIGHT) % 2 ** 24) },
      [],
    ),
  frames: (draw, { webp }) =>
    withRiffChunks(
      draw.of(webp),
      SIZE,
      Array.from(
        { length: draw.of([1, 3, 2000]) },
        () =>
          [draw.of(['ANMF', 'ANIM', 'ALPH', 'VP8 ', 'VP8L', 'VP8X']), draw.bytes(draw.below(60))] as const,
      ),
    ),
};

/** Boxes, extents, item types. */
export const AVIF_MAKERS: Makers = {
  boxes: (draw, { avif }) => {
    const file = Buffer.from(draw.of(avif));
    const count = 1 + draw.below(3);
    for (let k = 0; k < count; k++) {
      const at = file.indexOf(
        draw.of([
          'ftyp',
          'meta',
          'hdlr',
          'pitm',
          'iloc',
          'iinf',
          'infe',
          'iprp',
          'ipco',
          'ispe',
          'av1C',
          'pixi',
          'ipma',
          'mdat',
          'colr',
        ]),
      );
      if (at >= 4) file.writeUInt32BE(draw.number(file.length), at + draw.of([-4, 4, 8, 12]));
    }
    return file;
  },
  extent: (draw, { avif }) => {
    const file = Buffer.from(draw.of(avif));
    const at = file.indexOf('ispe');
    file.writeUInt32BE(draw.number(WIDTH), at + 8);
    file.writeUInt32BE(draw.number(HEIGHT), at + 12);
    return file;
  },
  types: (draw, { avif }) => {
    const file = Buffer.from(draw.of(avif));
    const at = file.indexOf('av01', file.indexOf('infe'));
    file.write(draw.of(['grid', 'iovl', 'hvc1', 'Exif', 'mime', 'iden', 'jpeg', 'av01']), at);
    return file;
  },
  bits: (draw, { avif }) => flipped(draw, draw.of(avif), 1 + draw.below(20)),
};
