import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { panoramaFiles } from '../../cli/shared/panorama-files.js';
import { buildApp } from '../../src/app.js';
import { loadConfig } from '../../src/config/index.js';
import { chooseEngine } from '../../src/engines/index.js';
import { parseCsv } from '../../src/files/index.js';
import { RegionService } from '../../src/regions/index.js';
import { runSkyfix, SKYFIX_BIN } from '../support/run-cli.js';
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
    assert.equal(
      header,
      'file,rank,tile,lon,lat,score,distanceM,status,code,message,warnings,headingDeg,headingSource,headingUncertaintyDeg,' +
        'probability,radius68M,radius95M,verdict,reason,confidenceSource',
    );
    assert.equal(rest.length, 0);
    const truth = tinyTile(2);
    const [, rank, tile, lon, lat] = first?.split(',') ?? [];
    assert.deepEqual([rank, tile], ['1', 'place-2']);
    assert.ok(Math.abs(Number(lon) - truth.lon) < 1e-7 && Math.abs(Number(lat) - truth.lat) < 1e-7);
    // A centimetre on the ground, and no more digits than that.
    assert.match(first ?? '', /,1,place-2,10\.\d{1,7},50(\.\d{1,7})?,[01](\.\d{1,4})?,,ok,,,,0,request,,/);
    assert.match(
      first ?? '',
      /,request,,[01](\.\d{1,4})?,\d+(\.\d{1,2})?,\d+(\.\d{1,2})?,located,".*",none$/,
    );
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
    const regions = await RegionService.open(config.dataDir, {
      threads: config.threads,
      engine: await chooseEngine(config),
    });
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
      // What a photo is, and that its heading is not known, goes the same way.
      const [onePhoto, tilt] = [join(images, '1.png'), ['--horizontal-fov', '120', '--pitch', '-30']];
      const asked = [
        'locate',
        onePhoto,
        '--json',
        '--heading',
        'unknown',
        '--projection',
        'perspective',
        ...tilt,
      ];
      const both = [await runSkyfix([...asked, '--url', url]), await runSkyfix(asked, env)];
      assert.deepEqual(places(both[0]?.stdout ?? ''), places(both[1]?.stdout ?? ''));
      assert.match(both[0]?.stdout ?? '', /"source":"estimated"/);
      const unknown = await runSkyfix(['locate', images, '--url', url, '--region', 'nowhere']);
      assert.equal(unknown.status, 1);
      // Said once, not for every file.
      assert.equal(unknown.stderr.match(/Unknown region.*nowhere/g)?.length, 1, unknown.stderr);
      const broken = join(dir, 'broken-remote.jpg');
      await writeFile(broken, 'no image');
      const csv = await runSkyfix(['locate', broken, '--csv', '--url', url]);
      assert.match(csv.stdout, /broken-remote\.jpg,,,,,,,failed,IMAGE_UNDECODABLE,/);
    } finally {
      await app.close();
      await regions.close();
    }
    const gone = await runSkyfix(['locate', images, '--url', 'http://127.0.0.1:9']);
    assert.equal(gone.status, 1);
    assert.equal(gone.stderr.match(/cannot be reached/g)?.length, 1, gone.stderr);
    assert.match(gone.stderr, /3 of 3 files were not asked for/);
  });

  test('a file that fails has its entry, and leaves the others their answers and the status 1', async () => {
    const broken = join(dir, 'broken.jpg');
    await writeFile(broken, 'no image');
    const [json, csv, geojson] = await Promise.all(
      ['--json', '--csv', '--geojson'].map((format) =>
        runSkyfix(['locate', broken, images, format, '--top', '1'], env),
      ),
    );
    assert.equal(json?.status, 1);
    assert.equal(json?.stdout.trim().split('\n').length, 3);
    assert.match(json?.stderr ?? '', /broken\.jpg: The image cannot be decoded/);
    assert.match(json?.stderr ?? '', /1 of 4 files failed/);

    assert.equal(csv?.status, 1);
    const [, failed, ...located] = parseCsv(csv?.stdout ?? '').map(({ fields }) => fields);
    assert.deepEqual(failed?.slice(0, 9), [broken, '', '', '', '', '', '', 'failed', 'IMAGE_UNDECODABLE']);
    assert.equal(located.length, 3);
    for (const row of located) {
      assert.equal(row[7], 'ok');
      assert.match(row[10] ?? '', /estimated/, 'where the heading comes from is said');
      assert.equal(row[12], 'estimated');
      assert.ok(Number(row[11]) < 360 && Number(row[13]) >= 0);
    }

    assert.equal(geojson?.status, 1);
    const { features } = JSON.parse(geojson?.stdout ?? '') as {
      features: { geometry: object | null; properties: Record<string, unknown> }[];
    };
    assert.equal(features.length, 4);
    assert.equal(features[0]?.geometry, null);
    assert.equal(features[0]?.properties.code, 'IMAGE_UNDECODABLE');
    assert.match(String(features[1]?.properties.warnings), /estimated/);
    assert.match(JSON.stringify(features[1]?.properties.heading), /"source":"estimated"/);
  });

  test('folders are searched with the folders in them; hidden files are no panoramas', async () => {
    const nested = join(dir, 'nested');
    await mkdir(join(nested, 'deep/deeper'), { recursive: true });
    await cp(join(images, '1.png'), join(nested, 'deep/deeper/A.PNG'));
    await cp(join(images, '2.png'), join(nested, 'b.png'));
    await writeFile(join(nested, '._b.png'), 'resource fork');
    assert.deepEqual(await panoramaFiles([nested]), [
      join(nested, 'b.png'),
      join(nested, 'deep/deeper/A.PNG'),
    ]);
  });

  test('a reader that has enough ends it quietly', async () => {
    const many = Array.from({ length: 40 }, () => images);
    const child = spawn(process.execPath, [SKYFIX_BIN, 'locate', ...many, '--csv', '--heading', '0'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (data) => {
      errors += data;
    });
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    child.stdout.destroy();
    assert.deepEqual(await exited, [0, null]);
    assert.doesNotMatch(errors, /EPIPE|^ +at /m);
  });

  test('wrong usage has the status 2 and says what is wrong', async () => {
    for (const [args, what] of [
      [['locate'], /give either panoramas or --sequence/],
      [['locate', images, '--top', '0'], /whole number from 1 to 50/],
      [['locate', images, '--heading', 'north'], /must be a number or "unknown"/],
      [['locate', images, '--heading-tolerance', '0'], /from 1 to 180/],
      [['locate', images, '--heading', 'unknown', '--heading-tolerance', '45'], /exclude each other/],
      [['locate', images, '--projection', 'fisheye'], /auto, equirectangular, perspective/],
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
