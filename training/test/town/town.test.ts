// A tiny town, made twice: the same bytes, and everything the lists promise.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sha256OfFile } from 'skyfix/files';
import { BevTableCache, projectBev } from 'skyfix/geometry';
import { decodePanorama } from 'skyfix/imaging';
import { cutTile, openImagery } from 'skyfix/index';
import { DEFAULT_TOWN, makeTown } from '../../town/index.js';
import { fromLonLat } from '../../town/overhead/georeference.js';

const options = { ...DEFAULT_TOWN, seed: 3, places: 12, panoramaWidthPx: 256 };

async function digests(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const result: Record<string, string> = {};
  for (const entry of names) {
    const path = join(entry.parentPath, entry.name);
    result[path.slice(folder.length)] = await sha256OfFile(path);
  }
  return result;
}

/** Mean difference between BEV and tile over the ground within 6 m of the cameras, grey levels. */
async function viewDifference(folder: string): Promise<number> {
  const source = await openImagery(join(folder, 'mosaic.tif'), {});
  const tables = new BevTableCache();
  let [sum, count] = [0, 0];
  try {
    for (const line of (await readFile(join(folder, 'places.csv'), 'utf8')).trim().split('\n').slice(1)) {
      const [, file, , lon, lat] = line.split(',');
      const { image, window, pose } = await decodePanorama(await readFile(join(folder, file as string)), {});
      const bev = projectBev(image, window, pose, { sizePx: 48, gsdM: 0.25, cameraHeightM: 2.5 }, tables);
      const tile = await cutTile(source, { lon: Number(lon), lat: Number(lat) }, 12, 48);
      assert.ok(tile !== null);
      for (let k = 0; k < tile.data.length; k++) {
        sum += Math.abs((tile.data[k] as number) - (bev.image.data[k] as number));
        count++;
      }
    }
  } finally {
    await source.close();
  }
  return sum / count;
}

describe('a tiny town', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'town-'));
    await makeTown({ ...options, out: join(folder, 'a') });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is the same bytes for the same seed, with another number of workers, and others for another seed', async () => {
    await makeTown({ ...options, workers: 1, out: join(folder, 'b') });
    const first = await digests(join(folder, 'a'));
    assert.deepEqual(await digests(join(folder, 'b')), first);
    await makeTown({ ...options, seed: 4, out: join(folder, 'b') });
    assert.notEqual((await digests(join(folder, 'b')))['/mosaic.tif'], first['/mosaic.tif']);
  });

  it('lists places whose metadata err by about as much as they should', async () => {
    const lines = (await readFile(join(folder, 'a', 'places.csv'), 'utf8')).trim().split('\n');
    assert.equal(lines.length, 13);
    for (const line of lines.slice(1)) {
      const [, file, , lon, lat, heading, pitch, roll, , gpsLon, gpsLat, metaHeading] = line.split(',');
      const read = await decodePanorama(await readFile(join(folder, 'a', file as string)), {});
      assert.ok(Math.abs(read.pose.headingDeg - Number(metaHeading)) < 0.006);
      const turn = ((read.pose.headingDeg - Number(heading) + 540) % 360) - 180;
      assert.ok(Math.abs(turn) < 2.5 && Math.abs(read.pose.pitchDeg - Number(pitch)) < 1);
      assert.ok(Math.abs(read.pose.rollDeg - Number(roll)) < 1);
      const truth = fromLonLat(Number(lon), Number(lat));
      const gps = fromLonLat(Number(gpsLon), Number(gpsLat));
      assert.ok(Math.hypot(truth.x - gps.x, truth.y - gps.y) < 12);
    }
  });

  it('makes the two views far more alike when every gap is switched off', async () => {
    const off = {
      season: false,
      light: false,
      sensor: false,
      lean: false,
      canopies: false,
      moved: false,
      occluders: false,
      heightJitter: false,
      tilt: false,
      poseError: false,
      gpsError: false,
      cameraNoise: false,
      lookAlikes: false,
    };
    await makeTown({ ...options, ...off, panoramaWidthPx: 512, out: join(folder, 'plain') });
    await makeTown({ ...options, panoramaWidthPx: 512, out: join(folder, 'real') });
    const [plain, real] = [
      await viewDifference(join(folder, 'plain')),
      await viewDifference(join(folder, 'real')),
    ];
    assert.ok(
      plain < 0.75 * real,
      `mean grey-level difference within 6 m: ${plain} without gaps, ${real} with`,
    );
    for (const line of (await readFile(join(folder, 'plain', 'places.csv'), 'utf8'))
      .trim()
      .split('\n')
      .slice(1)) {
      const [, , , lon, lat, heading, pitch, roll, heightM, gpsLon, gpsLat, metaHeading] = line.split(',');
      assert.deepEqual([lon, lat], [gpsLon, gpsLat]);
      assert.deepEqual([Number(pitch), Number(roll), Number(heightM)], [0, 0, 2.5]);
      assert.ok(Math.abs(Number(heading) - Number(metaHeading)) <= 0.0051);
    }
  });

  it('does not replace a folder that is not a town', async () => {
    await writeFile(join(folder, 'keep.txt'), 'mine');
    await assert.rejects(makeTown({ ...options, out: folder }), { code: 'DATASET_INVALID' });
    assert.equal(await readFile(join(folder, 'keep.txt'), 'utf8'), 'mine');
  });
});
