import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildApp } from '../../src/app.js';
import { loadConfig } from '../../src/config/index.js';
import { RegionService } from '../../src/regions/index.js';
import { runSkyfix } from '../support/run-cli.js';
import { noisePanorama, pngOf, publishTinyVersion, tinyTile } from '../support/tiny-region.js';

describe('skyfix locate', () => {
  let dir: string;
  let images: string;
  let env: { SKYFIX_DATA: string };
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-cli-'));
    images = join(dir, 'images');
    env = { SKYFIX_DATA: join(dir, 'data') };
    await mkdir(images);
    for (const seed of [1, 2, 3]) {
      await writeFile(join(images, `${seed}.png`), await pngOf(noisePanorama(seed)));
    }
    await writeFile(join(images, 'notes.txt'), 'no image');
    await publishTinyVersion(env.SKYFIX_DATA, 'town');
  });
  after(() => rm(dir, { recursive: true }));

  test('a folder gives one JSON line an image, in order', async () => {
    const { status, stdout } = await runSkyfix(['locate', images, '--json', '--heading', '0'], env);
    assert.equal(status, 0);
    const answers = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      answers.map(({ results }) => results[0].tile),
      ['place-1', 'place-2', 'place-3'],
    );
    assert.deepEqual(
      answers.map(({ results }) => results.length),
      [5, 5, 5],
    );
  });

  test('CSV and GeoJSON carry the same places', async () => {
    const file = join(images, '2.png');
    const csv = await runSkyfix(['locate', file, '--csv', '--top', '2', '--heading', '0'], env);
    const [header, first, second, ...rest] = csv.stdout.trim().split('\n');
    assert.equal(header, 'file,rank,tile,lon,lat,score,distanceM');
    assert.equal(rest.length, 0);
    const truth = tinyTile(2);
    const [, rank, tile, lon, lat] = first?.split(',') ?? [];
    assert.deepEqual([rank, tile], ['1', 'place-2']);
    assert.ok(Math.abs(Number(lon) - truth.lon) < 1e-7 && Math.abs(Number(lat) - truth.lat) < 1e-7);
    const geo = await runSkyfix(['locate', file, '--geojson', '--top', '2', '--heading', '0'], env);
    const collection = JSON.parse(geo.stdout);
    assert.equal(collection.type, 'FeatureCollection');
    assert.deepEqual(collection.features[0].geometry, {
      type: 'Point',
      coordinates: [Number(lon), Number(lat)],
    });
    assert.equal(collection.features[1].properties.tile, second?.split(',')[2]);
  });

  test("through a server: the same places, and the server's own words where it refuses", async () => {
    const config = loadConfig({ ...env, LOG_LEVEL: 'silent', PORT: '0' });
    const regions = await RegionService.open(config.dataDir, { threads: 1 });
    const app = await buildApp({ config, regions });
    try {
      const url = await app.listen({ host: '127.0.0.1', port: 0 });
      const near = `${tinyTile(7).lon},${tinyTile(7).lat},50`;
      const args = ['locate', images, '--json', '--heading', '0', '--top', '3', '--near', near];
      const [remote, local] = [await runSkyfix([...args, '--url', url]), await runSkyfix(args, env)];
      assert.equal(remote.status, 0, remote.stderr);
      const places = (text: string) =>
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
          .map(({ file, results, heading }) => ({ file, results, heading }));
      assert.deepEqual(places(remote.stdout), places(local.stdout));
      const unknown = await runSkyfix(['locate', images, '--url', url, '--region', 'nowhere']);
      assert.equal(unknown.status, 1);
      assert.match(unknown.stderr, /Unknown region.*nowhere/);
    } finally {
      await app.close();
      await regions.close();
    }
    const gone = await runSkyfix(['locate', join(images, '1.png'), '--url', 'http://127.0.0.1:9']);
    assert.equal(gone.status, 1);
    assert.match(gone.stderr, /cannot be reached/);
  });

  test('a file that fails leaves the others their answers and the status 1', async () => {
    const broken = join(dir, 'broken.jpg');
    await writeFile(broken, 'no image');
    const { status, stdout, stderr } = await runSkyfix(['locate', broken, images, '--json'], env);
    assert.equal(status, 1);
    assert.equal(stdout.trim().split('\n').length, 3);
    assert.match(stderr, /broken\.jpg: The image cannot be decoded/);
    assert.match(stderr, /1 of 4 files failed/);
  });

  test('wrong usage has the status 2 and says what is wrong', async () => {
    for (const [args, what] of [
      [['locate'], /missing required argument/],
      [['locate', images, '--top', '0'], /whole number from 1 to 50/],
      [['locate', images, '--heading', 'north'], /must be a number/],
      [['locate', images, '--near', '1,2'], /3 numbers/],
      [['locate', images, '--json', '--csv'], /cannot be used with/],
      [['locate', images, '--nonsense'], /unknown option/],
      [['nonsense'], /unknown command/],
    ] as const) {
      const { status, stderr } = await runSkyfix(args, env);
      assert.equal(status, 2, args.join(' '));
      assert.match(stderr, what);
    }
  });
});
