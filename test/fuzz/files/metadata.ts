// EXIF, XMP, ICC and MPF blocks that lie about their lengths, counts, types and offsets.
import { deflateSync } from 'node:zlib';
import { ASCII, gpanoPacket, RATIONAL, SHORT, type Tag, tiffBytes } from '../../support/image-files.js';
import type { Draw } from './draw.js';

const GPS: readonly Tag[] = [
  [1, ASCII, 'N'],
  [
    2,
    RATIONAL,
    [
      [50, 1],
      [0, 1],
      [0, 1],
    ],
  ],
  [3, ASCII, 'E'],
  [
    4,
    RATIONAL,
    [
      [10, 1],
      [0, 1],
      [0, 1],
    ],
  ],
  [16, ASCII, 'T'],
  [17, RATIONAL, [[90, 1]]],
];
const TYPES = [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 16, 99, 65535];
const TAGS = [
  0x010e, 0x0112, 0x0111, 0x014a, 0x8769, 0x8825, 0xa005, 0x9286, 0x927c, 0x02bc, 0x0201, 0x0202, 0x920a,
  0xa20e, 0xa405,
];

/** An EXIF block: sound, with entries overwritten, or of thousands of entries that claim everything. */
export function exifBlock(draw: Draw): Buffer {
  if (draw.chance(0.15)) return manyEntries(draw);
  const form = { littleEndian: draw.chance(0.5), big: draw.chance(0.05) };
  const tags: Tag[] = [
    [
      0x010e,
      ASCII,
      draw.of(['{"MAPCompassHeading":{"TrueHeading":90}}', 'x'.repeat(draw.below(3000)), '['.repeat(5000)]),
    ],
    [0x0112, SHORT, [draw.below(12)]],
  ];
  const block = tiffBytes(tags, form, { gps: draw.chance(0.8) ? GPS : [] });
  const count = draw.below(6);
  for (let k = 0; k < count; k++) overwriteEntry(draw, block, form.littleEndian);
  return draw.chance(0.2) ? block.subarray(0, draw.below(block.length)) : block;
}

function overwriteEntry(draw: Draw, block: Buffer, little: boolean): void {
  const at = draw.of([8 + 2, 8 + 14, 8 + 26, 8 + 38]) + draw.of([0, 2, 4, 8]) + 12 * draw.below(8);
  if (at + 4 > block.length) return;
  const value = draw.number(block.length);
  if (little) block.writeUInt32LE(value, at);
  else block.writeUInt32BE(value, at);
}

function manyEntries(draw: Draw): Buffer {
  const count = draw.of([100, 2000, 24_000, 65_535]);
  const block = Buffer.alloc(10 + count * 12 + 4);
  block.write('MM\0*', 'latin1');
  block.writeUInt32BE(8, 4);
  block.writeUInt16BE(count, 8);
  const [tag, type] = [draw.of(TAGS), draw.of(TYPES)];
  for (let k = 0; k < count; k++) {
    const at = 10 + k * 12;
    block.writeUInt16BE(draw.chance(0.9) ? tag : draw.of(TAGS), at);
    block.writeUInt16BE(type, at + 2);
    block.writeUInt32BE(draw.of([block.length - 8, block.length >> 3, 1, 2 ** 32 - 1]), at + 4);
    block.writeUInt32BE(draw.of([8, 8, 8, 10, block.length - 4]), at + 8);
  }
  return block;
}

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
  'ProjectionType',
  'StereoMode',
];
const VALUES = [
  '128',
  '64',
  '0',
  '-1',
  '1e308',
  'NaN',
  '',
  ' 45 ',
  '4294967296',
  'equirectangular',
  'cubemap',
  '&a;',
  '&#x110000;',
  '\u0000',
  '128.5',
];

/** An XMP packet: odd values, odd structure, odd encoding, odd length. */
export function xmpPacket(draw: Draw): Buffer {
  const value = () => draw.of(VALUES);
  const attributes = Array.from({ length: draw.below(8) }, () => `GPano:${draw.of(FIELDS)}="${value()}"`);
  const size = draw.of([10, 100, 1000, 20_000]);
  const inner = draw.of([
    '',
    '<a>'.repeat(size),
    `<GPano:${draw.of(FIELDS)}>${value()}</GPano:${draw.of(FIELDS)}>`.repeat(Math.ceil(size / 20)),
    `<xmpMM:Pantry><rdf:Bag>${'<rdf:li>'.repeat(draw.below(80))}`,
    '&lol;'.repeat(size),
    '<![CDATA['.repeat(draw.below(50)),
    '<!-- '.repeat(draw.below(50)),
  ]);
  const bomb = draw.chance(0.1)
    ? `<!DOCTYPE x [<!ENTITY lol "${'lol'.repeat(100)}"><!ENTITY lo2 "&lol;&lol;">]>`
    : '';
  let text = bomb + gpanoPacket(attributes.join(' '), inner);
  if (draw.chance(0.2)) text = text.slice(0, draw.below(text.length));
  if (draw.chance(0.05)) text += ' '.repeat(draw.of([70_000, 300_000, 1_000_000]));
  const bytes = Buffer.from(text, draw.of(['utf8', 'utf8', 'utf16le', 'latin1'] as const));
  return draw.chance(0.1)
    ? Buffer.concat([
        draw.of([Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff]), Buffer.from([0, 0, 0xfe, 0xff])]),
        bytes,
      ])
    : bytes;
}

/** A colour profile's header and a table of tags that lead anywhere. */
export function iccProfile(draw: Draw): Buffer {
  const tags = draw.below(20);
  const profile = Buffer.alloc(132 + 12 * tags + 200);
  profile.writeUInt32BE(draw.chance(0.7) ? profile.length : draw.number(profile.length), 0);
  profile.write('lcms', 4);
  profile.writeUInt32BE(draw.of([0x04300000, 0x02400000, 0]), 8);
  profile.write(draw.of(['mntrRGB XYZ ', 'prtrCMYKLab ', 'mntrGRAYXYZ ', 'linkRGB RGB ']), 12);
  profile.write('acsp', 36);
  profile.writeUInt32BE(draw.chance(0.7) ? tags : draw.number(profile.length), 128);
  for (let k = 0; k < tags; k++) {
    const at = 132 + 12 * k;
    profile.write(draw.of(['rXYZ', 'gXYZ', 'bXYZ', 'rTRC', 'wtpt', 'A2B0', 'desc', 'cprt']), at);
    profile.writeUInt32BE(draw.number(profile.length), at + 4);
    profile.writeUInt32BE(draw.number(profile.length), at + 8);
  }
  draw.bytes(100).copy(profile, profile.length - 150);
  return profile;
}

/** Multi-picture format (CIPA DC-007): an index of pictures that are not there. */
export function mpfBlock(draw: Draw): Buffer {
  const entries = draw.bytes(16 * draw.below(6));
  const block = tiffBytes(
    [
      [0xb000, 7, Buffer.from('0100')],
      [0xb001, 4, [draw.number(50)]],
      [0xb002, 7, entries],
    ],
    { littleEndian: draw.chance(0.5) },
  );
  overwriteEntry(draw, block, false);
  return Buffer.concat([Buffer.from('MPF\0'), block]);
}

export const deflated = (draw: Draw, bytes: Buffer): Buffer =>
  draw.chance(0.1) ? deflateSync(Buffer.alloc(draw.of([1e6, 2e7]), 0x20)) : deflateSync(bytes);
