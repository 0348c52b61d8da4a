// The bill of what ships holds what is locked, and each package's licence is known and accepted.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PACKAGE_ROOT } from '../../cli/index.js';

interface Bill {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string } };
  readonly components: readonly { readonly name: string; readonly version: string; readonly purl: string }[];
}
interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly version?: string; readonly dev?: boolean; readonly optional?: boolean }>
  >;
}

test('npm run sbom', async () => {
  const out = await mkdtemp(join(tmpdir(), 'skyfix-sbom-'));
  try {
    const run = spawnSync(
      process.execPath,
      [join(PACKAGE_ROOT, 'scripts/sbom.mjs'), '--offline', '--out', out],
      {
        encoding: 'utf8',
      },
    );
    assert.equal(run.status, 0, `${run.stdout}${run.stderr}`);
    const bill = JSON.parse(await readFile(join(out, 'skyfix.cdx.json'), 'utf8')) as Bill;
    assert.deepEqual([bill.bomFormat, bill.metadata.component.name], ['CycloneDX', 'skyfix']);
    const listed = new Set(bill.components.map(({ name, version }) => `${name}@${version}`));
    const lock = JSON.parse(await readFile(join(PACKAGE_ROOT, 'package-lock.json'), 'utf8')) as Lock;
    // What npm itself installs with --omit=dev; optional packages of other platforms are not here.
    const installed = Object.entries(lock.packages).filter(
      ([path, { dev, optional }]) => path && !dev && !optional,
    );
    assert.ok(installed.length > 80);
    for (const [path, { version }] of installed)
      assert.ok(listed.has(`${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`), path);
    assert.ok(
      bill.components.some(({ purl }) => purl.startsWith('pkg:npm/maplibre-gl@')),
      'what the page is built of',
    );
    assert.ok(!bill.components.some(({ name }) => name === 'typescript'), 'tools do not ship');
    const licences = (await readFile(join(out, 'licences.csv'), 'utf8')).trim().split('\n');
    assert.equal(licences.length, bill.components.length + 1);
    assert.doesNotMatch(licences.join('\n'), /unknown/);
  } finally {
    await rm(out, { recursive: true });
  }
});
