// EXIF: a few facts out of a block whose counts, types and offsets nobody vouches for, wherever a format keeps it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { readExif } from '../../src/imaging/exif.js';
import { decodePanorama, readPanoramaMetadata } from '../../src/imaging/index.js';
import {
  ASCII,
  DOUBLE,
  exifSegment,
  FLOAT,
  gpanoPacket,
  numberBytes,
  RATIONAL,
  SHORT,
  SRATIONAL,
  sampledTiff,
  type Tag,
  tiffBytes,
  UNDEFINED,
  withChunks,
  withRiffChunks,
  withSegments,
  xmpSegment,
} from '../support/image-files.js';

const solid = () => sharp({ create: { width: 200, height: 100, channels: 3, background: '#c86432' } });
const jpeg = await solid().jpeg().toBuffer();
const png = await solid().png().toBuffer();

/** 48.2 N, 10.5 W, looking at 123.5 from true north. */
const GPS: readonly Tag[] = [
  [1, ASCII, 'N'],
  [
    2,
    RATIONAL,
    [
      [48, 1],
      [12, 1],
      [0, 1],
    ],
  ],
  [3, ASCII, 'W'],
  [
    4,
    RATIONAL,
    [
      [10, 1],
      [30, 1],
      [0, 1],
    ],
  ],
  [16, ASCII, 'T'],
  [17, RATIONAL, [[1235, 10]]],
];
const changed = (...tags: readonly Tag[]) => [
  ...GPS.filter(([tag]) => !tags.some(([other]) => other === tag)),
  ...tags,
];
const without = (...tags: readonly number[]) => GPS.filter(([tag]) => !tags.includes(tag));
const read = (gps: readonly Tag[], tags: readonly Tag[] = []) => readExif(tiffBytes(tags, {}, { gps }));
const PLACE = { lon: -10.5, lat: 48.2 };

describe('place and heading', () => {
  const formsOf: Record<string, (block: Buffer) => Buffer | Promise<Buffer>> = {
    JPEG: (block) => withSegments(jpeg, [exifSegment(block)]),
    'JPEG, behind another APP1': (block) =>
      withSegments(jpeg, [[0xe1, Buffer.from('something else\0')], exifSegment(block)]),
    PNG: (block) => withChunks(png, [['eXIf', block]]),
    'PNG, behind its pixels': (block) => withChunks(png, [['eXIf', block]], 'IEND'),
    'PNG, as ImageMagick writes it': (block) => {
      const hex = Buffer.concat([Buffer.from('Exif\0\0'), block])
        .toString('hex')
        .replace(/.{72}/g, '$&\n');
      const profile = Buffer.from(`\nexif\n    ${block.length + 6}\n${hex}\n`);
      return withChunks(png, [
        ['zTXt', Buffer.concat([Buffer.from('Raw profile type exif\0\0'), deflateSync(profile)])],
      ]);
    },
    WebP: async (block) =>
      withRiffChunks(await solid().webp().toBuffer(), { widthPx: 200, heightPx: 100 }, [['EXIF', block]]),
  };
  for (const [name, wrap] of Object.entries(formsOf)) {
    for (const littleEndian of [true, false]) {
      test(`of a ${name}, ${littleEndian ? 'little' : 'big'} endian`, async () => {
        const found = await decodePanorama(await wrap(tiffBytes([], { littleEndian }, { gps: GPS })));
        assert.deepEqual([found.gps, found.pose.headingDeg, found.headingSource], [PLACE, 123.5, 'exif']);
        assert.deepEqual(found.warnings, []);
      });
    }
  }

  test('of an AVIF', async () => {
    const file = await solid()
      .withExif({
        IFD3: {
          GPSLatitudeRef: 'N',
          GPSLatitude: '48/1 12/1 0/1',
          GPSLongitudeRef: 'W',
          GPSLongitude: '10/1 30/1 0/1',
          GPSImgDirectionRef: 'T',
          GPSImgDirection: '1235/10',
        },
      })
      .avif()
      .toBuffer();
    const found = await decodePanorama(file);
    assert.deepEqual([found.gps, found.pose.headingDeg, found.headingSource], [PLACE, 123.5, 'exif']);
  });

  test("of a TIFF's own directory, TIFF and BigTIFF, both byte orders", async () => {
    for (const littleEndian of [true, false]) {
      for (const big of [false, true]) {
        const values = new Uint8Array(200 * 100 * 3).fill(90);
        const file = sampledTiff({
          widthPx: 200,
          heightPx: 100,
          channels: 3,
          bits: 8,
          values,
          littleEndian,
          big,
          gps: GPS,
        });
        const found = await readPanoramaMetadata(file);
        assert.deepEqual([found.gps, found.headingSource], [PLACE, 'exif'], `${littleEndian} ${big}`);
      }
    }
  });

  test('of when it was taken; what a camera writes whose clock was never set says nothing', async () => {
    const taken = (...exif: readonly Tag[]) => readExif(tiffBytes([], {}, { exif })).capturedAt;
    const [TAKEN, OFFSET, FRACTION] = [0x9003, 0x9011, 0x9291];
    const moment: Tag = [TAKEN, ASCII, '2026:05:01 10:11:12'];
    assert.equal(taken(moment), '2026-05-01T10:11:12');
    assert.equal(taken(moment, [FRACTION, ASCII, '25 ']), '2026-05-01T10:11:12.25');
    assert.equal(taken(moment, [OFFSET, ASCII, '+02:00']), '2026-05-01T10:11:12+02:00');
    assert.equal(taken(moment, [OFFSET, ASCII, 'here'], [FRACTION, ASCII, 'x']), '2026-05-01T10:11:12');
    for (const text of [
      '0000:00:00 00:00:00',
      '    :  :     :  :  ',
      '2026:02:30 10:00:00',
      '2026:05:01',
      '',
    ])
      assert.equal(taken([TAKEN, ASCII, text]), undefined, text);
    const file = await solid()
      .withExif({ IFD2: { DateTimeOriginal: '2026:05:01 10:11:12' } })
      .jpeg()
      .toBuffer();
    assert.equal((await readPanoramaMetadata(file)).capturedAt, '2026-05-01T10:11:12');
  });

  test("a request wins over GPano's heading, GPano's over EXIF's", async () => {
    const exif = exifSegment(tiffBytes([], {}, { gps: GPS }));
    const gpano = xmpSegment(Buffer.from(gpanoPacket('GPano:PoseHeadingDegrees="45"')));
    const both = withSegments(jpeg, [exif, gpano]);
    const of = async (file: Buffer, headingDeg?: number) => {
      const { pose, headingSource } = await readPanoramaMetadata(file, { headingDeg });
      return [pose.headingDeg, headingSource];
    };
    assert.deepEqual(await of(both), [45, 'metadata']);
    assert.deepEqual(await of(both, 7), [7, 'request']);
    assert.deepEqual(await of(withSegments(jpeg, [exif]), 7), [7, 'request']);
    const unusable = xmpSegment(Buffer.from(gpanoPacket('GPano:PoseHeadingDegrees="NaN"')));
    assert.deepEqual(await of(withSegments(jpeg, [unusable, exif])), [123.5, 'exif']);
  });
});

describe('headings', () => {
  test('from magnetic north are used, with a warning', () => {
    const { heading, warnings } = read(changed([16, ASCII, 'M']));
    assert.equal(heading?.deg, 123.5);
    assert.match(warnings.join(), /GPSImgDirection is from magnetic north/);
  });

  test('without a reference, or with another, are taken from true north, with a warning', () => {
    for (const gps of [without(16), changed([16, ASCII, 'X']), changed([16, SHORT, [7]])]) {
      const { heading, warnings } = read(gps);
      assert.equal(heading?.deg, 123.5);
      assert.match(warnings.join(), /not T or M: taken from true north/);
    }
  });

  test('divided by zero, out of range or of no number are ignored, with a warning', () => {
    const odd: readonly Tag[] = [
      [17, RATIONAL, [[0, 0]]],
      [17, RATIONAL, [[90, 0]]],
      [17, RATIONAL, [[4294967295, 1]]],
      [17, SRATIONAL, [[-900, 1]]],
      [17, ASCII, '123.5'],
      [17, FLOAT, [Number.NaN]],
    ];
    for (const tag of odd) {
      const { heading, warnings, gps } = read(changed(tag));
      assert.equal(heading, undefined, JSON.stringify(tag));
      assert.match(warnings.join(), /GPSImgDirection is .*ignored/);
      assert.deepEqual(gps, PLACE);
    }
  });

  test('of any type of number', () => {
    const forms: readonly Tag[] = [
      [17, SRATIONAL, [[-2365, 10]]],
      [17, FLOAT, [123.5]],
      [17, DOUBLE, [123.5]],
    ];
    for (const tag of forms) assert.equal(Math.abs(read(changed(tag)).heading?.deg ?? 0) % 113, 10.5);
    assert.equal(read(changed([17, SHORT, [123]])).heading?.deg, 123);
  });

  test("of Mapillary's description: true before magnetic, and before a magnetic GPSImgDirection", () => {
    const described = (heading: object, gps: readonly Tag[] = without(16, 17)) =>
      read(gps, [[0x010e, ASCII, JSON.stringify({ MAPLatitude: 1, MAPCompassHeading: heading })]]);
    assert.equal(described({ TrueHeading: 211.25, MagneticHeading: 209 }).heading?.deg, 211.25);
    const magnetic = described({ MagneticHeading: 209 });
    assert.equal(magnetic.heading?.deg, 209);
    assert.match(magnetic.warnings.join(), /MAPCompassHeading MagneticHeading is from magnetic north/);
    assert.equal(described({ TrueHeading: 211.25 }, GPS).heading?.deg, 123.5);
    assert.equal(described({ TrueHeading: 211.25 }, changed([16, ASCII, 'M'])).heading?.deg, 211.25);
    assert.equal(described({ TrueHeading: '211' }).heading, undefined);
  });

  test('of a description that is no JSON, or of any depth, are none', () => {
    for (const text of [
      '{"MAPCompassHeading":',
      `${'['.repeat(50_000)}"MAPCompassHeading"`,
      'MAPCompassHeading',
    ]) {
      assert.equal(read(without(16, 17), [[0x010e, ASCII, text]]).heading, undefined);
    }
  });

  test('are echoed in [0, 360)', async () => {
    for (const [given, wanted] of [
      [360, 0],
      [-274.3, 85.7],
      [-360, 0],
      [0, 0],
      [725, 5],
      [-1e-20, 0],
      [359.5, 359.5],
    ]) {
      const { pose } = await readPanoramaMetadata(jpeg, { headingDeg: given });
      assert.ok(Math.abs(pose.headingDeg - (wanted ?? 0)) < 1e-9, `${given}: ${pose.headingDeg}`);
      assert.ok(pose.headingDeg >= 0 && pose.headingDeg < 360 && !Object.is(pose.headingDeg, -0));
    }
    const file = withSegments(jpeg, [
      xmpSegment(Buffer.from(gpanoPacket('GPano:PoseHeadingDegrees="-274.3"'))),
    ]);
    assert.ok(Math.abs((await readPanoramaMetadata(file)).pose.headingDeg - 85.7) < 1e-9);
  });
});

describe('positions', () => {
  test('without a hemisphere are taken as north and east, with a warning', () => {
    const { gps, warnings } = read(without(1, 3));
    assert.deepEqual(gps, { lon: 10.5, lat: 48.2 });
    assert.match(warnings.join(), /GPSLatitudeRef is "".*GPSLongitudeRef is ""/);
  });

  test('that are none on Earth are ignored, with a warning', () => {
    const odd: readonly Tag[] = [
      [
        2,
        RATIONAL,
        [
          [91, 1],
          [0, 1],
          [0, 1],
        ],
      ],
      [
        2,
        RATIONAL,
        [
          [48, 1],
          [12, 0],
          [0, 1],
        ],
      ],
      [
        2,
        RATIONAL,
        [
          [48, 1],
          [1, 1],
          [1, 1],
          [1, 1],
        ],
      ],
      [2, ASCII, 'north'],
      [4, RATIONAL, [[181, 1]]],
    ];
    for (const tag of odd) {
      const { gps, warnings } = read(changed(tag));
      assert.equal(gps, undefined);
      assert.match(warnings.join(), /no position on Earth/);
    }
    assert.equal(read(without(2)).gps, undefined);
  });
});

describe('hostile blocks', () => {
  /** 24,000 entries that each claim an array over the whole block. */
  function hugeCounts(tag: number, type: number, bytes: number): Buffer {
    const count = 24_000;
    const block = Buffer.alloc(10 + count * 12 + 4);
    block.write('MM\0*', 'latin1');
    block.writeUInt32BE(8, 4);
    block.writeUInt16BE(count, 8);
    for (let k = 0; k < count; k++) {
      const at = 10 + k * 12;
      block.writeUInt16BE(tag, at);
      block.writeUInt16BE(type, at + 2);
      block.writeUInt32BE(Math.floor((block.length - 8) / bytes), at + 4);
      block.writeUInt32BE(8, at + 8);
    }
    return block;
  }

  for (const [tag, type, bytes] of [
    [0x9c9b, UNDEFINED, 1],
    [0x0111, 4, 4],
    [0x8825, RATIONAL, 8],
    [0x010e, ASCII, 1],
  ] as const) {
    test(`24,000 entries ${tag.toString(16)} that claim everything take next to no time and memory`, async () => {
      const file = withChunks(png, [['eXIf', hugeCounts(tag, type, bytes)]]);
      assert.ok(file.length > 280_000);
      const [heap, started] = [process.memoryUsage().heapUsed, performance.now()];
      const { image } = await decodePanorama(file);
      assert.equal(image.widthPx, 200);
      assert.ok(
        performance.now() - started < 8_000,
        'the event loop stood still for 12 s, or libexif worked for 17',
      );
      assert.ok(process.memoryUsage().heapUsed - heap < 50e6, 'and the heap was exhausted');
    });
  }

  test('directories that point at themselves or out of the block end', () => {
    for (const gpsAt of [0, 8, 0xffffffff]) {
      const block = tiffBytes([[0x8825, 4, [gpsAt]]]);
      assert.equal(readExif(block).gps, undefined);
    }
  });

  test('any bytes give a position on Earth or none, and an angle or none', () => {
    const block = tiffBytes([[0x010e, ASCII, '{"MAPCompassHeading":{"TrueHeading":9}}']], {}, { gps: GPS });
    fc.assert(
      fc.property(fc.nat(block.length), fc.uint8Array({ maxLength: 12 }), (at, bytes) => {
        const damaged = Buffer.from(block);
        damaged.set(bytes.subarray(0, block.length - at), at);
        const { gps, heading, warnings } = readExif(damaged.subarray(0, block.length - (at % 7)));
        if (gps) assert.ok(Math.abs(gps.lat) <= 90 && Math.abs(gps.lon) <= 180);
        if (heading) assert.ok(Math.abs(heading.deg) <= 360);
        assert.ok(warnings.length < 10);
      }),
      { seed: 43, numRuns: 2_000 },
    );
    assert.ok(readExif(numberBytes(0, 8, false)).warnings.length === 1);
  });
});
