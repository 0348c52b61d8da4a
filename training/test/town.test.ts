// A tiny town, made twice: the same bytes, and everything the lists promise.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sha256OfFile } from 'skyfix/files';
import { decodePanorama } from 'skyfix/imaging';
import { fromLonLat } from '../town/georeference.js';
import { DEFAULT_TOWN, makeTown } from '../town/index.js';

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

  it('does not replace a folder that is not a town', async () => {
    await writeFile(join(folder, 'keep.txt'), 'mine');
    await assert.rejects(makeTown({ ...options, out: folder }), { code: 'DATASET_INVALID' });
    assert.equal(await readFile(join(folder, 'keep.txt'), 'utf8'), 'mine');
  });
});
