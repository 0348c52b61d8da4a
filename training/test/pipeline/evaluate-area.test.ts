// What the paired protocol tells of an area besides ranks, and views that are made one batch after the other.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Describer } from 'skyfix/describe';
import type { InferenceEngine } from 'skyfix/engines';
import { type LonLat, offsetLonLat } from 'skyfix/geometry';
import type { PreparedArea } from '../../images/prepared-area.js';
import { evaluateArea } from '../../pipeline/evaluate-area.js';
import { onnxViews } from '../../pipeline/onnx-embed.js';
import { bytesPerImage, type ImageStore, imageOfStore, memoryStore } from '../../stores/image-store.js';

const GEOMETRY = { tileSizeM: 64, inputSizePx: 2, bevSizePx: 4, cameraHeightM: 2 };
const ORIGIN = { lon: 11, lat: 48 };

/** Images of 2 x 2 px of one grey each. */
function greys(...values: readonly number[]): ImageStore {
  const data = Uint8Array.from(values.flatMap((value) => Array(12).fill(value)));
  return memoryStore({ sizePx: 2, count: values.length, data });
}

/** A unit vector whose angle is the image's grey value in degrees: the nearest greys are the most similar. */
const embed = async (images: ImageStore) => {
  const angles = Array.from({ length: images.count }, (_, k) => imageOfStore(images, k).data[0] as number);
  const data = Float32Array.from(
    angles.flatMap((deg) => [Math.cos, Math.sin].map((f) => f(deg * (Math.PI / 180)))),
  );
  return { count: images.count, dimensions: 2, data };
};

/** Four places, 100 m apart from west to east; the last has no place on the map. Five tiles, each 3 m north of its place. */
function area(centres: readonly (LonLat | undefined)[]): { queries: ImageStore; prepared: PreparedArea } {
  const queries = greys(0, 21, 40, 60);
  const tiles = greys(0, 40, 20, 60, 80);
  const tileOf = [0, 1, 2, 3];
  const prepared = {
    name: 'four places',
    ids: ['a', 'b', 'c', 'd'],
    locations: [0, 100, 200].map((eastM) => offsetLonLat(ORIGIN, eastM, 0)).concat(undefined as never),
    bevs: queries,
    tiles,
    marginPx: 0,
    tileOf,
    gallery: tiles,
    galleryIds: ['a', 'b', 'c', 'd', 'e'],
    galleryCentres: centres,
    lookAlikes: [],
    digest: '',
  };
  return { queries, prepared };
}

const CENTRES = [0, 100, 200, 300, 400].map((eastM) => offsetLonLat(ORIGIN, eastM, 3));

describe('distances in the paired protocol', () => {
  it("go from the query's place to the centre of its first tile, right or wrong", async () => {
    const { queries, prepared } = area(CENTRES);
    const { result, firstFive } = await evaluateArea('x', 'trained', embed, queries, prepared, {
      geometry: GEOMETRY,
    });
    assert.deepEqual(
      firstFive.map(([first]) => first),
      [0, 2, 1, 3],
    );
    const { pairedDistance } = result;
    assert.ok(pairedDistance);
    const { medianErrorM, ...rest } = pairedDistance;
    assert.ok(Math.abs(medianErrorM - Math.hypot(100, 3)) < 0.1, `${medianErrorM} m`);
    assert.deepEqual(rest, {
      queries: 3,
      gallery: 5,
      within5M: 100 / 3,
      within25M: 100 / 3,
      within50M: 100 / 3,
    });
  });

  it('are left out where a tile or every query has no place', async () => {
    for (const { queries, prepared } of [
      area(CENTRES.with(4, undefined as never)),
      { ...area(CENTRES), prepared: { ...area(CENTRES).prepared, locations: Array(4).fill(undefined) } },
    ]) {
      const { result } = await evaluateArea('x', 'trained', embed, queries, prepared, { geometry: GEOMETRY });
      assert.equal('pairedDistance' in result, false);
      assert.equal(result.paired.at1, 50);
    }
  });
});

describe('views of a graph', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skyfix-onnx-views-'));
  });
  after(() => rm(folder, { recursive: true }));

  it('are written to a file, a batch at a time', async () => {
    const sizes: number[] = [];
    const negative: InferenceEngine = {
      run: async (tensor) => {
        sizes.push(tensor.shape[0] ?? 0);
        return { ...tensor, data: tensor.data.map((value) => -value) };
      },
      close: async () => {},
    } as Partial<InferenceEngine> as InferenceEngine;
    const inputs = greys(...Array.from({ length: 37 }, (_, k) => 5 * k));
    const path = join(folder, 'views', 'v.images');
    const manifest = { geometry: GEOMETRY, descriptor: { dimensions: 2 } };
    const describer = new Describer({ generator: negative, encoder: negative }, manifest);
    const views = await onnxViews(describer, inputs, path);
    assert.deepEqual(views.handle(), { kind: 'file', path });
    assert.deepEqual(sizes, [16, 16, 5]);
    const image = new Uint8Array(bytesPerImage(views));
    for (let k = 0; k < 37; k++) {
      views.read(k, image);
      assert.deepEqual([...new Set(image)], [255 - 5 * k]);
    }
    views.close();
  });
});
