// skyfix index, the whole life of a version through the command line.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder, writeMosaic, writeTinyBundle } from '../index/fixtures.js';

const folder = await temporaryFolder();
const data = join(folder, 'data');
const bundle = join(folder, 'bundle');
const imagery = join(folder, 'mosaic.tif');
const bin = fileURLToPath(new URL('../../../bin/skyfix.js', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function skyfix(...args: string[]): Promise<Outcome> {
  try {
    const env = { ...process.env, SKYFIX_DATA: data };
    return { code: 0, ...(await promisify(execFile)(process.execPath, [bin, 'index', ...args], { env })) };
  } catch (error) {
    const { code, stdout, stderr } = error as Outcome;
    return { code, stdout, stderr };
  }
}

before(async () => {
  await writeTinyBundle(bundle, 5);
  await writeMosaic(imagery);
});

test('build, verify, publish, publish, list, rollback', async () => {
  const versions: string[] = [];
  for (const stride of ['15', '20']) {
    const out = join(folder, `out-${stride}`);
    const args = [
      '--bundle',
      bundle,
      '--imagery',
      imagery,
      '--stride-m',
      stride,
      '--out',
      out,
      '--threads',
      '1',
    ];
    const built = await skyfix('build', ...args);
    assert.equal(built.code, 0, built.stderr);
    assert.match(
      built.stdout,
      new RegExp(`tiles of 20 m every ${stride} m, 24 dimensions, bundle tiny 5, recall@1`),
    );
    assert.match(built.stderr, /^tiles: \d+\/\d+\n/, 'progress goes to stderr, as lines');
    assert.match(
      built.stdout,
      /^imagery: GeoTIFF mosaic.tif \(EPSG:32632\).*\n(.*\n)*made \d+ of \d+ tiles/,
      'what it took',
    );
    assert.ok((await stat(`${out}.contact-sheet.png`)).isFile());
    const verified = await skyfix('verify', out);
    assert.match(verified.stdout, /recall@10 1\.000; checksums and bundle are right/);
    const table = await skyfix('catalogue', out);
    const [header, ...lines] = table.stdout.trimEnd().split('\n');
    assert.equal(header, 'tile,lon,lat,sizeM,source');
    assert.ok(built.stdout.includes(` ${lines.length} tiles of 20 m`), `${lines.length} lines`);
    assert.ok(
      lines.every((line) => /^[^,]+,-?\d+\.\d+,-?\d+\.\d+,20,/.test(line)),
      lines[0],
    );
    const published = await skyfix('publish', out, '--region', 'town');
    versions.push(/town: (\S+) is current/.exec(published.stdout)?.[1] ?? published.stderr);
  }
  assert.deepEqual((await readdir(join(data, 'regions', 'town', 'versions'))).sort(), [...versions].sort());
  const listed = JSON.parse((await skyfix('list', '--json')).stdout) as {
    region: string;
    versions: { version: string; state: string }[];
  }[];
  assert.equal(listed[0]?.region, 'town');
  assert.equal(listed[0]?.versions.find(({ state }) => state === 'current')?.version, versions[1]);
  const back = await skyfix('rollback', '--region', 'town');
  assert.match(back.stdout, new RegExp(`^town: ${versions[0]} is current in .*data\n`));
  assert.match(back.stdout, /running server takes it up on SIGHUP.*--url/);
  assert.match((await skyfix('list')).stdout, new RegExp(`current {2}${versions[0]}, 117 tiles`));
  const again = await skyfix('rollback', '--region', 'town');
  assert.equal(again.code, 1);
  assert.match(again.stderr, /has no version before/);
  const forward = await skyfix('rollback', '--region', 'town', '--to', versions[1] ?? '');
  assert.match(forward.stdout, new RegExp(`^town: ${versions[1]} is current`));
  // A second region: whoever publishes hears where requests without a name go.
  const second = await skyfix('publish', join(folder, 'out-15'), '--region', 'b');
  assert.match(second.stdout, /name no region go to "town"; "skyfix index default --region b"/);
  assert.equal((await skyfix('default')).stdout, 'town\n');
  assert.equal((await skyfix('default', '--region', 'b')).stdout, 'b\n');
});

test('wrong usage says what is wrong', async () => {
  for (const [args, code, message] of [
    [['build', '--bundle', bundle, '--out', join(folder, 'x')], 1, /either --imagery or --tiles/],
    [['build', '--bundle', bundle], 2, /required option.*--out/],
    [
      ['build', '--bundle', bundle, '--imagery', imagery, '--out', join(folder, 'x'), '--stride-m', '0'],
      2,
      /must be over 0/,
    ],
    [
      ['build', '--bundle', bundle, '--imagery', imagery, '--out', join(folder, 'x'), '--range', '5'],
      1,
      /LOW HIGH.*"5"/,
    ],
    [
      ['build', '--bundle', bundle, '--imagery', imagery, '--out', join(folder, 'x'), '--range', '9', '1'],
      1,
      /LOW under HIGH/,
    ],
    [
      ['build', '--bundle', bundle, '--imagery', imagery, '--out', join(folder, 'x'), '--epsg', '99'],
      1,
      /EPSG:99 is not among/,
    ],
    [['verify', join(folder, 'nowhere')], 1, /nowhere.*cannot be read/],
    [['verify', folder, '--min-recall', '2'], 2, /from 0 to 1/],
  ] as const) {
    const outcome = await skyfix(...args);
    assert.equal(outcome.code, code, outcome.stderr);
    assert.match(outcome.stderr, message);
  }
});
