import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runSkyfix } from '../support/run-cli.js';
import { noisePanorama, pngOf, publishTinyVersion, tinyTile } from '../support/tiny-region.js';

describe('skyfix locate --sequence', () => {
  let dir: string;
  let images: string;
  let env: { SKYFIX_DATA: string };
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-sequence-'));
    images = join(dir, 'images');
    env = { SKYFIX_DATA: join(dir, 'data') };
    await mkdir(images);
    for (const seed of [1, 2, 4])
      await writeFile(join(images, `${seed}.png`), await pngOf(noisePanorama(seed)));
    await writeFile(join(images, '3.png'), 'no image');
    await publishTinyVersion(env.SKYFIX_DATA, 'town');
  });
  after(() => rm(dir, { recursive: true }));

  test('a folder is one track in the order of its names; a file that failed is a row and the exit status', async () => {
    const { status, stdout, stderr } = await runSkyfix(
      ['locate', '--sequence', images, '--heading', '0'],
      env,
    );
    assert.equal(status, 1);
    assert.match(stderr, /3\.png: .*decode/i);
    const [whole, ...points] = JSON.parse(stdout).features;
    assert.equal(whole.geometry.type, 'LineString');
    assert.equal(whole.properties.verdict, 'located');
    assert.equal(whole.geometry.coordinates.length, 3);
    assert.deepEqual(
      points.map(
        ({ properties: { status: one, code } }: { properties: { status: string; code?: string } }) => [
          one,
          code,
        ],
      ),
      [
        ['ok', undefined],
        ['ok', undefined],
        ['failed', 'IMAGE_UNDECODABLE'],
        ['ok', undefined],
      ],
    );
    assert.equal(points[2].geometry, null);
    for (const [k, seed] of [
      [0, 1],
      [1, 2],
      [3, 4],
    ] as const) {
      const truth = tinyTile(seed);
      const [lon, lat] = points[k].geometry.coordinates;
      assert.ok(Math.abs(lon - truth.lon) < 1e-6 && Math.abs(lat - truth.lat) < 1e-6, `frame ${k}`);
      assert.ok(points[k].properties.probability > 0.5);
    }
  });

  test('a list with distances; one that cannot be used is said with its line; panoramas beside it are wrong usage', async () => {
    const list = join(dir, 'walk.csv');
    await writeFile(list, 'file,distanceM\nimages/1.png,\nimages/2.png,40\nimages/4.png,80\n');
    const { status, stdout } = await runSkyfix(['locate', '--sequence', list, '--heading', '0'], env);
    assert.equal(status, 0);
    const { features } = JSON.parse(stdout);
    assert.equal(features[0].geometry.coordinates.length, 3);
    assert.equal(features[3].properties.distanceM, 80);
    await writeFile(list, 'file,distanceM\nimages/1.png,far\n');
    const wrong = await runSkyfix(['locate', '--sequence', list], env);
    assert.notEqual(wrong.status, 0);
    assert.match(wrong.stderr, /line 2: distanceM is "far"/);
    await writeFile(list, 'file,time\nimages/1.png,2026-02-30T10:00:00\n');
    const never = await runSkyfix(['locate', '--sequence', list], env);
    assert.match(never.stderr, /line 2: time is "2026-02-30T10:00:00"/);
    for (const args of [['locate'], ['locate', images, '--sequence', images]]) {
      const usage = await runSkyfix(args, env);
      assert.equal(usage.status, 2);
      assert.match(usage.stderr, /either panoramas or --sequence/);
    }
  });
});
