// XMP: whose words they are, in which packet, segment, encoding and form of RDF they stand, and how much is read at most.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { readGpano } from '../../src/imaging/gpano.js';
import { readPanoramaMetadata } from '../../src/imaging/index.js';
import { scanXml } from '../../src/imaging/xml.js';
import {
  extendedSegment,
  gpanoPacket,
  withChunks,
  withRiffChunks,
  withSegments,
  xmpSegment,
  xmpText,
} from '../support/image-files.js';

const solid = () => sharp({ create: { width: 200, height: 100, channels: 3, background: '#c86432' } });
const jpeg = await solid().jpeg().toBuffer();
const png = await solid().png().toBuffer();
const HEADING = 'GPano:PoseHeadingDegrees="123.5"';
const packet = Buffer.from(gpanoPacket(HEADING));
const other = Buffer.from(gpanoPacket('GPano:PosePitchDegrees="1"'));

const headingOf = async (file: Buffer) => {
  const { headingSource, pose, warnings } = await readPanoramaMetadata(file);
  return { found: headingSource === 'metadata' ? pose.headingDeg : undefined, warnings: warnings.join('\n') };
};
const read = (...packets: (string | Uint8Array)[]) =>
  readGpano({ packets: packets.map((text) => Buffer.from(text)), extended: [] });
const heading = (xml: string) => read(xml).numbers.PoseHeadingDegrees;

describe('where it stands', () => {
  test('in the second of two packets, and behind foreign segments', async () => {
    const foreign = [0xe1, Buffer.from('http://ns.adobe.com/xmp/extension/\0')] as const;
    const file = withSegments(jpeg, [
      xmpSegment(other),
      foreign,
      [0xfe, Buffer.from('a comment')],
      xmpSegment(packet),
    ]);
    assert.equal((await headingOf(file)).found, 123.5);
    const { pose } = await readPanoramaMetadata(file);
    assert.equal(pose.pitchDeg, 1, 'the first packet counts too');
  });

  test('of two values the first counts', () => {
    assert.equal(read(gpanoPacket('GPano:PoseHeadingDegrees="1"'), packet).numbers.PoseHeadingDegrees, 1);
  });

  test('in a PNG as iTXt, deflated or not, as zTXt, before or behind the pixels, as a raw profile', async () => {
    const hex = packet.toString('hex').replace(/.{72}/g, '$&\n');
    const profile = deflateSync(Buffer.from(`\nxmp\n    ${packet.length}\n${hex}\n`));
    const forms: Buffer[] = [
      withChunks(png, [['iTXt', xmpText(packet)]]),
      withChunks(png, [['iTXt', xmpText(packet)]], 'IEND'),
      withChunks(png, [['iTXt', xmpText(deflateSync(packet), true)]]),
      withChunks(png, [['zTXt', Buffer.concat([Buffer.from('XML:com.adobe.xmp\0\0'), deflateSync(packet)])]]),
      withChunks(png, [['zTXt', Buffer.concat([Buffer.from('Raw profile type xmp\0\0'), profile])]]),
    ];
    for (const file of forms) assert.equal((await headingOf(file)).found, 123.5);
  });

  test('in WebP, AVIF and TIFF', async () => {
    const webp = withRiffChunks(await solid().webp().toBuffer(), { widthPx: 200, heightPx: 100 }, [
      ['XMP ', packet],
    ]);
    const avif = await solid().withXmp(packet.toString()).avif().toBuffer();
    const tiff = await solid().withXmp(packet.toString()).tiff().toBuffer();
    for (const file of [webp, avif, tiff]) assert.equal((await headingOf(file)).found, 123.5);
  });

  const GUID = '0123456789ABCDEF0123456789ABCDEF';
  const main = (guid: string) =>
    xmpSegment(
      Buffer.from(
        gpanoPacket(`xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="${guid}"`),
      ),
    );
  const half = packet.length >> 1;
  const first = extendedSegment(GUID, packet.length, 0, packet.subarray(0, half));
  const second = extendedSegment(GUID, packet.length, half, packet.subarray(half));

  test('in extended XMP, its pieces in any order, before or behind the packet that names it', async () => {
    for (const segments of [
      [main(GUID), first, second],
      [second, main(GUID), first],
      [second, first, first, main(GUID)],
    ]) {
      assert.equal((await headingOf(withSegments(jpeg, segments))).found, 123.5);
    }
  });

  test('not in extended XMP of another GUID, or with a piece missing', async () => {
    const foreign = await headingOf(withSegments(jpeg, [main('F'.repeat(32)), first, second]));
    assert.equal(foreign.found, undefined);
    const torn = await headingOf(withSegments(jpeg, [main(GUID), second]));
    assert.equal(torn.found, undefined);
    assert.match(torn.warnings, /pieces .* do not fit together/);
    const huge = await headingOf(withSegments(jpeg, [main(GUID), extendedSegment(GUID, 4e9, 0, packet)]));
    assert.match(huge.warnings, /4000000000 bytes is over the limit/);
  });
});

describe('how it is written', () => {
  const text = `\ufeff${packet}`;
  const utf32 = (source: string, littleEndian: boolean) => {
    const bytes = Buffer.alloc(source.length * 4);
    [...source].forEach((character, k) => {
      const code = character.codePointAt(0) ?? 0;
      if (littleEndian) bytes.writeUInt32LE(code, k * 4);
      else bytes.writeUInt32BE(code, k * 4);
    });
    return bytes;
  };
  const encodings: Record<string, (source: string) => Buffer> = {
    'UTF-8': (source) => Buffer.from(source),
    'UTF-16 LE': (source) => Buffer.from(source, 'utf16le'),
    'UTF-16 BE': (source) => Buffer.from(source, 'utf16le').swap16(),
    'UTF-32 LE': (source) => utf32(source, true),
    'UTF-32 BE': (source) => utf32(source, false),
  };
  for (const [name, encode] of Object.entries(encodings)) {
    test(`in ${name}, with and without a byte order mark`, async () => {
      for (const source of [
        text,
        text.slice(1),
        `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>${text.slice(1)}`,
      ]) {
        assert.equal((await headingOf(withSegments(jpeg, [xmpSegment(encode(source))]))).found, 123.5);
      }
    });
  }

  const rdf = (inner: string) =>
    `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
    `${inner}</rdf:RDF></x:xmpmeta>`;
  const NS = 'xmlns:GPano="http://ns.google.com/photos/1.0/panorama/"';

  test('as attributes, elements, CDATA, split over descriptions, under any prefix', () => {
    const element = '<GPano:PoseHeadingDegrees> 45 </GPano:PoseHeadingDegrees>';
    for (const inner of [
      `<rdf:Description ${NS} GPano:PoseHeadingDegrees="45"/>`,
      `<rdf:Description ${NS} GPano:PoseHeadingDegrees='45'></rdf:Description>`,
      `<rdf:Description ${NS}>${element}</rdf:Description>`,
      `<rdf:Description><GPano:PoseHeadingDegrees ${NS}>45</GPano:PoseHeadingDegrees></rdf:Description>`,
      `<rdf:Description ${NS}><GPano:PoseHeadingDegrees><![CDATA[45]]></GPano:PoseHeadingDegrees></rdf:Description>`,
      '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="image/jpeg"/><rdf:Description ' +
        `${NS}>${element}</rdf:Description>`,
      `<rdf:Description ${NS.replace('GPano', 'p')} p:PoseHeadingDegrees="45"/>`,
      `<rdf:Description ${NS}><!-- <GPano:PoseHeadingDegrees>7</GPano:PoseHeadingDegrees> -->${element}</rdf:Description>`,
      `<rdf:Description ${NS} GPano:PoseHeadingDegrees="&#x34;5"/>`,
    ]) {
      assert.equal(heading(rdf(inner)), 45, inner);
    }
    assert.equal(
      heading(
        rdf(`<rdf:Description ${NS} GPano:PoseHeadingDegrees="45"/>`)
          .replaceAll('rdf:', 'R:')
          .replace('xmlns:rdf', 'xmlns:R'),
      ),
      45,
    );
    // Undeclared, as sloppy writers do it.
    assert.equal(heading('<rdf:RDF><rdf:Description GPano:PoseHeadingDegrees="45"/></rdf:RDF>'), 45);
  });

  test('not of other pictures, and not under another namespace', () => {
    const foreign = '<rdf:Description GPano:PoseHeadingDegrees="7" GPano:ProjectionType="cylindrical"/>';
    const inside = ['xmpMM:Pantry', 'xmpMM:Ingredients', 'xmpMM:History'].map(
      (name) =>
        `<${name}><rdf:Bag><rdf:li>${foreign}</rdf:li><rdf:li rdf:parseType="Resource">` +
        `<GPano:PoseHeadingDegrees>7</GPano:PoseHeadingDegrees></rdf:li></rdf:Bag></${name}>`,
    );
    inside.push(
      `<xmpMM:DerivedFrom rdf:parseType="Resource"><GPano:PoseHeadingDegrees>7</GPano:PoseHeadingDegrees></xmpMM:DerivedFrom>`,
    );
    inside.push(`<xmpMM:DerivedFrom GPano:PoseHeadingDegrees="7"/>`);
    const mm = 'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"';
    for (const structure of inside) {
      for (const own of [
        `${structure}<GPano:PoseHeadingDegrees>45</GPano:PoseHeadingDegrees>`,
        `<GPano:PoseHeadingDegrees>45</GPano:PoseHeadingDegrees>${structure}`,
      ]) {
        const gpano = read(rdf(`<rdf:Description ${NS} ${mm}>${own}</rdf:Description>`));
        assert.deepEqual([gpano.numbers.PoseHeadingDegrees, gpano.projection], [45, undefined], structure);
      }
      assert.equal(heading(rdf(`<rdf:Description ${NS} ${mm}>${structure}</rdf:Description>`)), undefined);
    }
    assert.equal(
      heading(rdf('<rdf:Description xmlns:GPano="http://example.org/" GPano:PoseHeadingDegrees="45"/>')),
      undefined,
    );
  });
});

describe('hostile packets', () => {
  test('over 256 kB are not read and named, wherever they stand', async () => {
    const long = Buffer.from(gpanoPacket(HEADING, `<a>${'x'.repeat(3e6)}</a>`));
    const deflated = withChunks(png, [['iTXt', xmpText(long)]]);
    const webp = withRiffChunks(await solid().webp().toBuffer(), { widthPx: 200, heightPx: 100 }, [
      ['XMP ', long],
    ]);
    const tiff = await solid().withXmp(long.toString()).tiff().toBuffer();
    for (const file of [deflated, webp, tiff]) {
      const started = performance.now();
      const { found, warnings } = await headingOf(file);
      assert.equal(found, undefined);
      assert.match(warnings, /XMP metadata of \d+ bytes is over the limit of 262144/);
      assert.ok(performance.now() - started < 10_000);
    }
    const many = Array.from({ length: 50 }, () => xmpSegment(Buffer.alloc(60_000, 0x20)));
    assert.match((await headingOf(withSegments(jpeg, many))).warnings, /over the limit/);
  });

  test('that inflate to gigabytes stay what they are', async () => {
    const bomb = deflateSync(Buffer.alloc(50e6, 0x20), { level: 9 });
    const { found } = await headingOf(withChunks(png, [['iTXt', xmpText(bomb, true)]]));
    assert.equal(found, undefined);
  });

  test('of 256 kB of anything take milliseconds', () => {
    const full = (piece: string) => piece.repeat(Math.floor(250_000 / piece.length));
    const packets = [
      full('<a>'),
      full('<'),
      full('<a xmlns:q="u">'),
      `<a ${Array.from({ length: 24_000 }, (_, k) => `b${k}="1"`).join(' ')}/>`,
      `<a>${full('&amp;')}</a>`,
      `<a>${full('&b;')}</a>`,
      `<a${full(' ')}`,
      `<a ${full('b')}`,
      `<a b="${full('c')}`,
      `<!DOCTYPE a [<!ENTITY b0 "bb">${Array.from(
        { length: 5_000 },
        (_, k) => `<!ENTITY b${k + 1} "&b${k};&b${k};">`,
      ).join('')}]><a>&b5000;</a>`,
      gpanoPacket('', full('<GPano:PoseHeadingDegrees>x</GPano:PoseHeadingDegrees>')),
      full('<!-- '),
      full('<![CDATA['),
      full('</a>'),
    ];
    for (const xml of packets) {
      const started = process.cpuUsage();
      const { warnings } = read(xml);
      const spentMs = process.cpuUsage(started).user / 1000;
      assert.ok(spentMs < 1_500, `${xml.slice(0, 30)}: ${spentMs} ms`);
      assert.ok(warnings.length <= 2, `${xml.slice(0, 30)}: ${warnings.length} warnings`);
    }
  });

  test('end where they stop being well-formed; what was read stays', () => {
    const { numbers, warnings } = read(`${gpanoPacket(HEADING).replace('</rdf:RDF></x:xmpmeta>', '')}<a`);
    assert.equal(numbers.PoseHeadingDegrees, 123.5);
    assert.match(warnings.join(), /not well-formed/);
  });

  test('of any characters end the scan, with as many closings as openings at the most', () => {
    const pieces = fc.constantFrom(
      '<',
      '>',
      '/',
      '"',
      "'",
      '=',
      ' ',
      'a',
      ':',
      '&',
      ';',
      '<a>',
      '</a>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      '<!D',
      '[',
      ']',
      ' b="1"',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        let depth = 0;
        const whole = scanXml(parts.join(''), {
          open: () => depth++,
          text: () => {},
          close: () => assert.ok(--depth >= 0),
        });
        if (whole) assert.equal(depth, 0);
      }),
      { seed: 44, numRuns: 3_000 },
    );
  });
});
