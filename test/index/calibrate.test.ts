// Calibrating a version: what is fitted, what is written, what is refused.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  askLocated,
  calibrate,
  checkCalibrated,
  confidenceCharts,
  MADE_UP,
  madeUp,
  mergeAnswers,
  publishIndex,
  readAnswers,
  rollbackIndex,
  writeAnswers,
  writeCalibratedVersion,
} from '../../index/index.js';
import type { Calibration } from '../../src/calibration/index.js';
import { sha256OfBytes } from '../../src/files/index.js';
import { locate } from '../../src/locate/index.js';
import { RegionService } from '../../src/regions/index.js';
import { checkIndexFolder, currentVersion, openIndexVersion } from '../../src/versions/index.js';
import { runSkyfix } from '../support/run-cli.js';
import { noisePanorama, pngOf, publishTinyVersion, tinyTile } from '../support/tiny-region.js';

const PLACES = 24;

test('made-up panoramas: turned over, the same pixels elsewhere, the same for the same seed', () => {
  const image = noisePanorama(1);
  const count = (data: Uint8Array) => data.reduce((sum, value) => sum + value, 0);
  const turned = madeUp('upside-down', image, 0);
  assert.deepEqual(madeUp('upside-down', turned, 0).data, image.data);
  const shuffled = madeUp('shuffled', image, 3);
  assert.equal(count(shuffled.data), count(image.data));
  assert.notDeepEqual(shuffled.data, image.data);
  for (const kind of MADE_UP) assert.deepEqual(madeUp(kind, image, 5), madeUp(kind, image, 5));
});

test('a night is dark and noisy; a room and an animal show nothing of the panorama, and each is another', () => {
  const [image, other] = [noisePanorama(1), noisePanorama(2)];
  const mean = ({ data }: { data: Uint8Array }) => data.reduce((sum, value) => sum + value, 0) / data.length;
  const night = madeUp('night', image, 0);
  assert.ok(mean(night) < mean(image) / 10, `${mean(night)} of ${mean(image)}`);
  assert.ok(new Set(night.data).size > 8);
  for (const kind of ['room', 'animal'] as const) {
    const drawn = madeUp(kind, image, 0);
    assert.equal(drawn.data.length, image.data.length);
    assert.deepEqual(madeUp(kind, other, 0).data, drawn.data);
    assert.notDeepEqual(madeUp(kind, image, 1).data, drawn.data);
  }
});

describe('a region is calibrated', () => {
  let dir: string;
  let data: string;
  let versionDir: string;
  let list: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-calibrate-'));
    data = join(dir, 'data');
    versionDir = await publishTinyVersion(data, 'tiny', {
      seeds: Array.from({ length: PLACES }, (_, k) => k),
    });
    await mkdir(join(dir, 'outside'));
    list = join(dir, 'list.csv');
    const rows: string[] = [];
    for (let seed = 0; seed < PLACES; seed++) {
      await writeFile(join(dir, `${seed}.png`), await pngOf(noisePanorama(seed)));
      const { lon, lat } = tinyTile(seed);
      rows.push(`${seed}.png,${lon},${lat},0`);
    }
    await writeFile(list, `file,lon,lat,headingDeg\n${rows.join('\n')}\n`);
    for (let seed = 100; seed < 106; seed++) {
      await writeFile(join(dir, `outside/${seed}.png`), await pngOf(noisePanorama(seed)));
    }
  });
  after(() => rm(dir, { recursive: true }));

  /** The command line of it, without the panoramas that are made up. */
  const commandLine = () => {
    const panoramas = ['--panoramas', list, '--list-headings', '--made-up-every', '0'];
    return ['index', 'calibrate', versionDir, ...panoramas];
  };
  const ask = (more = {}) => {
    const inside = Array.from({ length: PLACES }, (_, seed) => {
      const { lon, lat } = tinyTile(seed);
      return { file: join(dir, `${seed}.png`), lon, lat, headingDeg: 0 };
    });
    return askLocated({ indexDir: versionDir, inside, madeUpEvery: 12, ...more });
  };

  test('fitted to its own panoramas, its answers say so, and rolling back takes it away', async () => {
    const asked = await ask();
    // Noise, and a night in which it is all there is, are turned away as images: no probability is asked of them.
    assert.deepEqual(asked.counts, { inside: PLACES, outside: 0, madeUp: 2 * (MADE_UP.length - 2) });
    assert.equal(asked.calibration.source, 'none');
    const { calibration, figures } = calibrate(asked, { createdAt: '2026-05-01T10:00:00.000Z' });
    assert.equal(figures.right, 1);
    assert.deepEqual(calibration.facts?.held, figures.held);
    const out = join(dir, 'calibrated');
    const { version } = await writeCalibratedVersion(versionDir, out, calibration);
    assert.match(version, /^20260501T100000Z-[0-9a-f]{8}$/);
    await assert.rejects(writeCalibratedVersion(versionDir, out, calibration), { code: 'PARAMETER_INVALID' });
    assert.equal(await publishIndex({ indexDir: out, dataDir: data, region: 'tiny' }), version);

    const service = await RegionService.open(data, { threads: 1 });
    const { region, release } = service.acquire('tiny');
    const upload = await pngOf(noisePanorama(3));
    const answer = await locate(region, upload, { top: 2, distinct: true, headingDeg: 0 });
    assert.equal(answer.confidence.source, 'region');
    assert.equal(answer.results[0]?.tile, 'place-3');
    assert.ok((answer.results[0]?.probability ?? 0) > (answer.results[1]?.probability ?? 1));
    release();
    await service.close();

    assert.equal(await rollbackIndex({ dataDir: data, region: 'tiny' }), '20260101T000000Z-00000001');
    const before = await openIndexVersion(versionDir);
    assert.equal(before.calibration, undefined);
    await before.close();
  });

  test('damage and a calibration of another encoder are refused', async () => {
    const out = join(dir, 'damaged');
    const { calibration } = calibrate(await ask({ madeUpEvery: 0 }));
    await writeCalibratedVersion(versionDir, out, calibration);
    const path = join(out, 'calibration.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"p95"', '"p96"'));
    await assert.rejects(checkIndexFolder(out), { code: 'INDEX_CORRUPT', message: /calibration\.json has/ });
    await rm(path);
    await assert.rejects(checkIndexFolder(out), {
      code: 'INDEX_CORRUPT',
      message: /calibration\.json is missing/,
    });
    const refused = async (content: string, words: RegExp) => {
      await writeFile(path, content);
      const index = JSON.parse(await readFile(join(out, 'index.json'), 'utf8'));
      index.files['calibration.json'] = { sha256: sha256OfBytes(content), bytes: Buffer.byteLength(content) };
      await writeFile(join(out, 'index.json'), JSON.stringify(index));
      await assert.rejects(openIndexVersion(out), { code: 'CALIBRATION_INVALID', message: words });
    };
    const foreign: Calibration = { ...calibration, encoderSha256: 'b'.repeat(64) };
    await refused(JSON.stringify(foreign), /is of the encoder bbbb.*, the tiles are of /);
    await refused('{', /is not JSON/);
    await refused(JSON.stringify({ ...calibration, levels: {} }), /levels/);
  });

  test('too few panoramas are refused; those that cannot be read are told', async () => {
    const skipped: string[] = [];
    const inside = Array.from({ length: 20 }, (_, seed) => ({
      file: join(dir, `${seed + 8}.png`),
      lon: 10,
      lat: 50,
    }));
    await assert.rejects(ask({ inside, madeUpEvery: 0, onSkipped: (file: string) => skipped.push(file) }), {
      code: 'CALIBRATION_INVALID',
      message: /16 located panoramas could be asked for; a calibration needs 20/,
    });
    assert.equal(skipped.length, 4);
  });

  test('the charts have a point a bin and stay in their frame', async () => {
    const asked = await ask({ madeUpEvery: 0 });
    const figures = checkCalibrated(asked);
    const svg = confidenceCharts(figures, 'A <title> & more');
    assert.equal(svg.match(/<circle /g)?.length, figures.reliability.length);
    assert.match(svg, /A &lt;title> &amp; more/);
    assert.doesNotMatch(svg, /NaN|undefined/);
  });

  test('from the command line: calibrate, check, write the report', async () => {
    const report = join(dir, 'report.json');
    const svg = join(dir, 'report.svg');
    const common = [
      'index',
      'calibrate',
      '--region',
      'tiny',
      '--data',
      data,
      '--panoramas',
      list,
      '--list-headings',
    ];
    const outside = ['--outside', join(dir, 'outside'), '--made-up-every', '0'];
    const { stdout, stderr } = await runSkyfix([...common, ...outside, '--report', report, '--svg', svg]);
    assert.match(stdout, /24 panoramas inside, 6 outside, 0 made up; cross-validated:/, stderr);
    assert.match(stdout, /right within 25 m {11}100\.0 %/);
    assert.match(stdout, /tiny: \S+ is current/);
    assert.equal(JSON.parse(await readFile(report, 'utf8')).counts.outside, 6);
    assert.match(await readFile(svg, 'utf8'), /^<svg .*<\/svg>\s*$/s);
    const checked = await runSkyfix([...common, '--check', '--made-up-every', '0']);
    assert.match(checked.stdout, /calibration of the region:/, checked.stderr);
    assert.equal((await currentVersion(data, 'tiny'))?.history.length, 1 + 0);
    const wrong = await runSkyfix(['index', 'calibrate', '--panoramas', list]);
    assert.match(wrong.stderr, /either --region or the folder of an index version/);
  });

  test('answers are kept, fitted to together, and refused where they cannot be', async () => {
    const path = join(dir, 'answers.json');
    const asked = await ask();
    await writeAnswers(path, asked);
    const kept = await readAnswers(path);
    assert.deepEqual(kept.counts, asked.counts);
    const createdAt = '2026-05-01T10:00:00.000Z';
    assert.deepEqual(calibrate(kept, { createdAt }), calibrate(asked, { createdAt }));
    assert.equal(mergeAnswers([kept, kept]).counts.inside, 2 * PLACES);
    const foreign = { ...kept, encoderSha256: 'b'.repeat(64) };
    assert.throws(() => mergeAnswers([kept, foreign]), {
      code: 'INDEX_BUNDLE_MISMATCH',
      message: /of the encoders .* and bbbb/,
    });
    const text = await readFile(path, 'utf8');
    const refusals: readonly (readonly [string, RegExp])[] = [
      ['{', /cannot be read/],
      [text.replace('answers/1', 'answers/9'), /schema/],
      [text.replace('"background":', '"foreground":'), /background/],
      [text.replaceAll('"ground":0', '"ground":7'), /lies on the ground 7; there are 1/],
    ];
    for (const [content, message] of refusals) {
      await writeFile(path, content);
      await assert.rejects(readAnswers(path), { code: 'CALIBRATION_INVALID', message });
    }
    const saved = await runSkyfix([...commandLine(), '--save-answers', path]);
    assert.match(saved.stdout, /24 panoramas inside, 0 outside/, saved.stderr);
    const both = await runSkyfix([...commandLine(), '--with-answers', path, '--out', join(dir, 'of-both')]);
    assert.match(both.stdout, /48 panoramas inside, 0 outside, 0 made up; cross-validated:/, both.stderr);
  });

  test('into the bundle, for regions that have none of their own', async () => {
    const bundle = join(versionDir, 'bundle');
    const { stdout, stderr } = await runSkyfix([...commandLine(), '--into-bundle', bundle]);
    assert.match(stdout, /bundle\.json: calibrated/, stderr);
    const asked = await ask({ madeUpEvery: 0 });
    assert.equal(asked.calibration.source, 'bundle');
  });
});
