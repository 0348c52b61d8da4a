// The examples of building in parts are run as their schedulers run them, and make what one machine makes.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { PACKAGE_ROOT } from '../../cli/index.js';
import { buildIndex } from '../../index/index.js';
import { sha256OfFile } from '../../src/files/index.js';
import { temporaryFolder, writeMosaic, writeTinyBundle } from '../index/fixtures.js';

const folder = await temporaryFolder();
const bundle = join(folder, 'bundle');
const imagery = join(folder, 'town.tif');
const area = join(folder, 'town.geojson');
const alone = join(folder, 'alone');
const bin = join(PACKAGE_ROOT, 'bin', 'skyfix.js');
const EXAMPLES = join(PACKAGE_ROOT, 'ops', 'parts');
const options = ['--bundle', bundle, '--imagery', imagery, '--area', area, '--stride-m', '12'];
const parallel =
  spawnSync('parallel', ['--version']).status === 0
    ? false
    : 'GNU parallel is not installed (Debian package parallel)';

before(async () => {
  await writeTinyBundle(bundle, 5);
  await writeMosaic(imagery);
  const ring = [
    [9.0002, 49.6508],
    [9.0025, 49.6508],
    [9.0025, 49.6519],
    [9.0002, 49.6508],
  ];
  await writeFile(area, JSON.stringify({ type: 'Polygon', coordinates: [ring] }));
  await buildIndex({ bundleDir: bundle, imagery, areaGeoJson: area, strideM: 12, outDir: alone });
});

function run(command: string, args: readonly string[], env: Record<string, string> = {}) {
  const SKYFIX = `${process.execPath} ${bin}`;
  return promisify(execFile)(command, [...args], { cwd: folder, env: { ...process.env, SKYFIX, ...env } });
}

/** Every file but the manifest, which has the time. */
async function sums(dir: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(dir)).sort()) {
    if (name !== 'index.json' && name !== 'bundle') found[name] = await sha256OfFile(join(dir, name));
  }
  return found;
}

const script = join(EXAMPLES, 'build-with-parallel.sh');

test('with GNU parallel', { skip: parallel }, async () => {
  const out = join(folder, 'by-parallel');
  await run(script, ['3', out, ...options], { JOBS: '2', THREADS: '1' });
  assert.deepEqual(await sums(out), await sums(alone));
  assert.equal(await stat(`${out}.parts`).catch(() => 'gone'), 'gone');
});

test('without it by xargs; paths with blanks; what fails is told and goes on', async () => {
  const out = join(folder, 'by xargs');
  const env = { XARGS: '1', JOBS: '2', THREADS: '1' };
  // As a part whose machine lacks the imagery.
  const broken = options.map((option) => (option === imagery ? `${imagery}.gone` : option));
  await assert.rejects(run(script, ['3', out, ...broken], env), /town\.tif\.gone does not exist/);
  assert.equal(await stat(out).catch(() => 'missing'), 'missing');
  await run(script, ['3', out, ...options], env);
  assert.deepEqual(await sums(out), await sums(alone));
  await assert.rejects(run(script, []), {
    code: 2,
    stderr: /build-with-parallel\.sh PARTS OUT BUILD-OPTIONS/,
  });
});

test('as Slurm runs an array and what depends on it', async () => {
  const INDEX = join(folder, 'by-slurm');
  const job = join(EXAMPLES, 'slurm.sh');
  for (const id of ['2', '1']) {
    const env = { INDEX, SLURM_ARRAY_TASK_ID: id, SLURM_ARRAY_TASK_MAX: '2', SLURM_CPUS_PER_TASK: '1' };
    await run(job, ['part', ...options], env);
  }
  await run(job, ['assemble', '--no-contact-sheet'], { INDEX });
  assert.deepEqual(await sums(INDEX), await sums(alone));
  assert.match(readFileSync(job, 'utf8'), /^#SBATCH --requeue$/m);
});

interface Job {
  readonly kind: string;
  readonly spec: {
    readonly completionMode?: string;
    readonly completions?: number;
    readonly template: {
      readonly spec: { readonly containers: readonly Container[]; readonly restartPolicy: string };
    };
  };
}

interface Container {
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly securityContext: { readonly readOnlyRootFilesystem: boolean };
}

test('as Kubernetes runs an Indexed Job, and the job that waits for it', async () => {
  const text = readFileSync(join(EXAMPLES, 'kubernetes.yaml'), 'utf8');
  const { items } = parse(text, { merge: true }) as { items: readonly Job[] };
  const [parts, assemble] = items as [Job, Job];
  assert.deepEqual([parts.kind, parts.spec.completionMode], ['Job', 'Indexed']);
  const data = join(folder, 'data');
  await mkdir(data);
  const command = ({ spec }: Job) => {
    const [container] = spec.template.spec.containers as [Container];
    assert.ok(container.securityContext.readOnlyRootFilesystem);
    assert.equal(spec.template.spec.restartPolicy, 'Never');
    const { value } = container.env.find(({ name }) => name === 'PARTS') ?? {};
    assert.equal(value, String(parts.spec.completions), 'as many parts as completions');
    const [shell = '', flag = '', line = ''] = container.command;
    const here = line
      .replaceAll('/app/bin/skyfix.js', bin)
      .replaceAll('--bundle general', `--bundle ${bundle}`)
      .replaceAll('/data/town.tif', imagery)
      .replaceAll('/data/town.geojson', area)
      .replaceAll('--stride-m 16', '--stride-m 12')
      .replaceAll('/data/', `${data}/`);
    return { shell, args: [flag, here] };
  };
  const part = command(parts);
  for (const JOB_COMPLETION_INDEX of ['0', '1']) {
    await run(part.shell, part.args, { JOB_COMPLETION_INDEX, PARTS: '2' });
  }
  const last = command(assemble);
  await run(last.shell, last.args, { PARTS: '2' });
  assert.deepEqual(await sums(join(data, 'town-index')), await sums(alone));
});
