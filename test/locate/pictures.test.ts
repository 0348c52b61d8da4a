// The pictures that come with an answer: what they show is what the steps make, computed here without them.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import sharp from 'sharp';
import { ArchiveWriter, tilesUnder } from '../../src/basemap/index.js';
import type { ByteTensor, InferenceEngine, Tensor } from '../../src/engines/index.js';
import { sha256OfBytes } from '../../src/files/index.js';
import { fullSphere, projectBev, type RgbImage } from '../../src/geometry/index.js';
import {
  type LocateOptions,
  locate,
  type MissingPicture,
  PICTURES,
  type Picture,
} from '../../src/locate/index.js';
import { type LoadedRegion, RegionService } from '../../src/regions/index.js';
import { CENTRE, GEOMETRY, noisePanorama, pngOf, publishTinyVersion } from '../support/tiny-region.js';

const options: LocateOptions = { top: 1, distinct: true, headingDeg: 0, include: PICTURES };

function pictureOf(made: Picture | MissingPicture | undefined): Picture {
  assert.ok(made && 'data' in made, JSON.stringify(made));
  return made;
}

async function pixelsOf({ data }: Picture) {
  return sharp(Buffer.from(data, 'base64')).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
}

/** Each quarter of the circle has a colour of its own: the forward half is red, right green, back blue, left yellow. */
function quarters(widthPx = 128): RgbImage {
  const colours = [
    [40, 40, 220],
    [220, 220, 40],
    [220, 40, 40],
    [40, 220, 40],
  ];
  const data = new Uint8Array((widthPx * widthPx * 3) / 2);
  for (let k = 0; k < data.length / 3; k++) {
    const azimuth = ((k % widthPx) + 0.5) / widthPx - 0.5; // of a turn, 0 forward
    const quarter = Math.floor((((azimuth + 0.125 + 1) % 1) * 4) % 4);
    data.set(colours[(quarter + 2) % 4] ?? [], 3 * k);
  }
  return { widthPx, heightPx: widthPx / 2, data };
}

describe('pictures', () => {
  let dataDir: string;
  let service: RegionService;
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'skyfix-pictures-'));
    await publishTinyVersion(dataDir, 'tiny');
    await publishTinyVersion(dataDir, 'plain', { generator: false });
    service = await RegionService.open(dataDir, { threads: 1 });
  });
  after(async () => {
    await service.close();
    await rm(dataDir, { recursive: true });
  });

  const answer = async (region: string, upload: Buffer, more: Partial<LocateOptions> = {}) => {
    const lease = service.acquire(region);
    return locate(lease.region, upload, { ...options, ...more }).finally(() => lease.release());
  };

  test('the BEV is the ground around the camera, north up under any heading', async () => {
    const panorama = quarters();
    const upload = await pngOf(panorama);
    // Looking east: what is forward (red) lies right of the middle, what is left of the camera (yellow) above it.
    const { pictures, results } = await answer('tiny', upload, { headingDeg: 90 });
    const bev = pictureOf(pictures?.bev);
    const { data, info } = await pixelsOf(bev);
    assert.deepEqual(
      [bev.mediaType, bev.widthPx, bev.heightPx, bev.groundM, bev.metresPerPixel, bev.upDeg, bev.headingDeg],
      ['image/webp', 16, 16, 16, 1, 0, 90],
    );
    assert.deepEqual([info.width, info.height], [16, 16]);
    assert.deepEqual([bev.centre?.lon, bev.centre?.lat], [results[0]?.lon, results[0]?.lat]);
    const at = (x: number, y: number) => [...data.subarray((y * 16 + x) * 4, (y * 16 + x) * 4 + 3)];
    const [right, up] = [at(13, 8), at(8, 2)];
    assert.ok(
      (right[0] ?? 0) > 150 && (right[1] ?? 255) < 110 && (right[2] ?? 255) < 110,
      `right is ${right}`,
    );
    assert.ok((up[0] ?? 0) > 150 && (up[1] ?? 0) > 150 && (up[2] ?? 255) < 110, `up is ${up}`);
  });

  test('the view is what the generator makes of it: here its inverse', async () => {
    const panorama = quarters();
    const { pictures } = await answer('tiny', await pngOf(panorama));
    const view = pictureOf(pictures?.view);
    assert.deepEqual([view.widthPx, view.groundM, view.metresPerPixel], [8, 16, 2]);
    const { data } = await pixelsOf(view);
    const model = fullSphere(panorama.widthPx, panorama.heightPx);
    const { image } = projectBev(
      panorama,
      model,
      { headingDeg: 0, pitchDeg: 0, rollDeg: 0 },
      {
        sizePx: GEOMETRY.inputSizePx,
        gsdM: GEOMETRY.tileSizeM / GEOMETRY.inputSizePx,
        cameraHeightM: GEOMETRY.cameraHeightM,
      },
    );
    // The corner pixels lie in one colour each, which WebP keeps.
    for (const [x, y] of [
      [4, 0],
      [7, 4],
      [4, 7],
      [0, 4],
    ] as const) {
      for (let c = 0; c < 3; c++) {
        const [seen, below] = [data[(y * 8 + x) * 4 + c] ?? 0, image.data[(y * 8 + x) * 3 + c] ?? 0];
        assert.ok(Math.abs(seen - (255 - below)) < 60, `${x},${y}: ${seen}, of ${below}`);
      }
    }
  });

  test('a view that was looked at is not made again, and only whoever asks for it has it made', async () => {
    const upload = await pngOf(quarters());
    const { region, release } = service.acquire('tiny');
    const { generator, encoder, whole } = region.networks;
    assert.ok(generator && whole?.runBoth);
    const asked: string[] = [];
    const counted = (
      name: string,
      { description, precision, run, runBoth }: InferenceEngine,
      of = generator,
    ) => ({
      description,
      precision,
      state: 'ready' as const,
      run: (input: Tensor | ByteTensor) => {
        asked.push(name);
        return run.call(of, input);
      },
      ...(runBoth && {
        runBoth: (input: Tensor | ByteTensor) => {
          asked.push(`${name}, both`);
          return runBoth(input);
        },
      }),
      close: async () => {},
    });
    const apart = {
      generator: counted('generator', generator),
      encoder: counted('encoder', encoder, encoder),
    };
    const together = { ...apart, whole: counted('whole', whole, whole) };
    const ask = async (networks: LoadedRegion['networks'], more: Partial<LocateOptions>) => {
      asked.length = 0;
      const all = { ...options, include: ['view'] as const, ...more };
      return locate({ ...region, networks }, upload, all).finally(() => asked.sort());
    };
    try {
      const one = await ask(together, {});
      assert.deepEqual(asked, ['whole, both']);
      assert.equal(one.timingsMs.generate, 0);
      const two = await ask(apart, {});
      assert.deepEqual(asked, ['encoder', 'generator']);
      assert.deepEqual(one.results, two.results);
      const [view, other] = [pictureOf(one.pictures?.view), pictureOf(two.pictures?.view)];
      assert.deepEqual({ ...view, data: '' }, { ...other, data: '' });
      const [found, expected] = [await pixelsOf(view), await pixelsOf(other)];
      assert.ok(found.data.every((value, k) => Math.abs(value - (expected.data[k] ?? 999)) <= 2));
      for (const include of [undefined, ['bev'], ['tile']] as const) {
        await ask(together, { include });
        assert.deepEqual(asked, ['whole']);
      }
      // Of the heading that is answered, which lies between those that were tried, no view was made on the way.
      await ask(together, { headingDeg: 3, headingToleranceDeg: 4 });
      assert.deepEqual(asked, ['generator', 'whole', 'whole', 'whole']);
    } finally {
      release();
    }
  });

  test('ground that the photo does not show is transparent', async () => {
    const photo = quarters();
    const { pictures } = await answer('tiny', await pngOf(photo), {
      horizontalFovDeg: 90,
      verticalFovDeg: 180,
    });
    const { data } = await pixelsOf(pictureOf(pictures?.bev));
    const alpha = (x: number, y: number) => data[(y * 16 + x) * 4 + 3];
    assert.equal(alpha(8, 2), 255);
    assert.equal(alpha(8, 14), 0);
  });

  test('what cannot be made is said, and the answer stands', async () => {
    const upload = await pngOf(quarters());
    const plain = await answer('plain', upload);
    assert.match(JSON.stringify(plain.pictures?.view), /no generator/);
    assert.match(JSON.stringify(plain.pictures?.tile), /no basemap.*skyfix index rebuild/);
    pictureOf(plain.pictures?.bev);
    const nowhere = { centre: { lon: 0, lat: 0 }, radiusM: 5 };
    const none = await answer('tiny', upload, { prior: nowhere });
    assert.deepEqual(none.results, []);
    assert.match(JSON.stringify(none.pictures?.tile), /no place/);
    assert.equal(pictureOf(none.pictures?.bev).centre, undefined);
  });

  test('the tile is the basemap of the version, around the best place', async () => {
    const dir = await publishTinyVersion(dataDir, 'mapped');
    const writer = await ArchiveWriter.open(join(dir, 'basemap.pmtiles'));
    const zoom = 18;
    // Red grows from west to east, 10 a map tile of 98 m.
    const first = tilesUnder(zoom, CENTRE, 1)[0] ?? { x: 0, y: 0 };
    const redAt = (x: number) => 60 + 10 * (x - first.x);
    for (let x = first.x - 2; x <= first.x + 8; x++) {
      for (let y = first.y - 1; y <= first.y + 1; y++) {
        const background = { r: redAt(x), g: 100, b: 100 };
        const tile = await sharp({ create: { width: 256, height: 256, channels: 3, background } })
          .webp()
          .toBuffer();
        await writer.add({ z: zoom, x, y }, tile);
      }
    }
    await writer.finish({ minZoom: zoom, maxZoom: zoom, bounds: [9, 49, 11, 51], name: 'reds' });
    const bytes = await readFile(join(dir, 'basemap.pmtiles'));
    const manifest = JSON.parse(await readFile(join(dir, 'index.json'), 'utf8'));
    manifest.files['basemap.pmtiles'] = { sha256: sha256OfBytes(bytes), bytes: bytes.length };
    manifest.basemap = { minZoom: zoom, maxZoom: zoom, attribution: '© reds' };
    await writeFile(join(dir, 'index.json'), JSON.stringify(manifest));
    await service.reload('mapped');
    const { pictures, results } = await answer('mapped', await pngOf(noisePanorama(6)));
    const tile = pictureOf(pictures?.tile);
    assert.deepEqual([tile.groundM, tile.attribution, tile.upDeg], [16, '© reds', 0]);
    assert.equal(tile.widthPx, Math.round(16 / tile.metresPerPixel));
    const [place] = results;
    const { x } = tilesUnder(zoom, place ?? CENTRE, 0.1)[0] ?? { x: 0 };
    const { data, info } = await pixelsOf(tile);
    const red = data[4 * ((info.height >> 1) * info.width + (info.width >> 1))] ?? 0;
    assert.ok(Math.abs(red - redAt(x)) <= 4, `${red} instead of ${redAt(x)}`);
    const summary = service.summaries().find(({ region }) => region === 'mapped');
    assert.deepEqual(summary?.basemap, {
      minZoom: zoom,
      maxZoom: zoom,
      tileSizePx: 256,
      bytes: bytes.length,
      attribution: '© reds',
    });
    assert.equal(service.mapOf('mapped').outline.coordinates[0]?.[0]?.length, 5);
  });

  test('only those asked for are made, and none without asking', async () => {
    const upload = await pngOf(quarters());
    assert.equal((await answer('tiny', upload, { include: undefined })).pictures, undefined);
    assert.deepEqual(Object.keys((await answer('tiny', upload, { include: ['view'] })).pictures ?? {}), [
      'view',
    ]);
  });

  test('under an estimated heading they show that heading, under a camera height that one', async () => {
    const upload = await pngOf(quarters());
    const found = await answer('tiny', upload, {
      headingDeg: undefined,
      heading: 'unknown',
      cameraHeightM: 1.5,
    });
    const bev = pictureOf(found.pictures?.bev);
    assert.ok(Math.abs((bev.headingDeg ?? -1) - found.heading.deg) < 1e-9);
    assert.equal(bev.cameraHeightM, 1.5);
  });
});
