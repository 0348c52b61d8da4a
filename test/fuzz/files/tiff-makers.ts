// Broken TIFF files.
import { SHORT, sampledTiff, type Tag, tiffBytes } from '../../support/image-files.js';
import { xmpPacket } from './metadata.js';
import { HEIGHT, type Makers, SIZE, WIDTH } from './originals.js';

/** Tags, sample forms, sizes, chains of directories, GPS, XMP. */
export const TIFF_MAKERS: Makers = {
  tags: (draw, { tiff }) => {
    const file = Buffer.from(draw.of(tiff));
    const at = file.readUInt32LE(4) % file.length;
    const count = at + 2 <= file.length ? file.readUInt16LE(at) : 0;
    for (let k = 0; k < 1 + draw.below(3); k++) {
      const entry = at + 2 + 12 * draw.below(count) + draw.of([0, 2, 4, 8]);
      if (entry + 4 <= file.length) file.writeUInt32LE(draw.number(file.length), entry);
    }
    return file;
  },
  samples: (draw) => {
    const bits = draw.of([8, 16, 32, 64]);
    const channels = draw.of([1, 2, 3, 4, 5]);
    const values = Array.from(
      { length: WIDTH * HEIGHT * channels },
      () => draw.of([0, 1, 255, 4095, 65535, 1e30, -1, Number.NaN]) % 2 ** 16 || 0,
    );
    const tags: Tag[] = draw.chance(0.3)
      ? [[draw.of([258, 262, 277, 284, 339, 338, 274, 317]), SHORT, [draw.below(20)]]]
      : [];
    return sampledTiff({
      ...SIZE,
      channels,
      bits,
      format: 1 + draw.below(6),
      values,
      tags,
      littleEndian: draw.chance(0.5),
      big: draw.chance(0.2),
    });
  },
  sizes: (draw) => {
    const pixels = draw.bytes(200);
    const tag = (id: number): Tag => [id, 4, [draw.number(200)]];
    return tiffBytes(
      [
        tag(256),
        tag(257),
        [258, SHORT, [draw.of([1, 8, 16, 32])]],
        [259, SHORT, [draw.of([1, 5, 6, 7, 8, 50000, 34712])]],
        [262, SHORT, [draw.below(10)]],
        [277, SHORT, [draw.of([1, 3, 4, 65535])]],
        tag(278),
        ...(draw.chance(0.4) ? [tag(322), tag(323)] : []),
      ],
      { littleEndian: draw.chance(0.5), big: draw.chance(0.3) },
      { pixels },
    );
  },
  chain: (draw, { tiff }) => {
    const file = Buffer.from(draw.of(tiff));
    const at = file.readUInt32LE(4);
    const next = at + 2 + 12 * file.readUInt16LE(at);
    file.writeUInt32LE(draw.of([at, next, 8, draw.below(file.length)]), next);
    return file;
  },
  gps: (draw) =>
    sampledTiff({
      ...SIZE,
      channels: 3,
      bits: 8,
      values: draw.bytes(WIDTH * HEIGHT * 3),
      gps: [
        [
          draw.of([1, 2, 16, 17]),
          draw.of([2, 5, 10, 12]),
          draw.chance(0.5) ? [[draw.number(9), draw.below(2)]] : 'N',
        ],
      ],
    }),
  xmp: (draw) =>
    sampledTiff({
      ...SIZE,
      channels: 3,
      bits: 8,
      values: draw.bytes(WIDTH * HEIGHT * 3),
      tags: [[700, 1, xmpPacket(draw)]],
    }),
};
