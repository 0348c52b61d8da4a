// Rules and dashboard against what a server really exports, and Prometheus' own checker where it is installed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { buildApp } from '../../src/app.js';
import { loadConfig } from '../../src/config/index.js';
import { RegionService } from '../../src/locate/index.js';
import { noisePanorama, pngOf, publishTinyVersion } from '../support/tiny-region.js';

const OPS = fileURLToPath(new URL('../../../ops/', import.meta.url));

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly record?: string; readonly expr: string }[];
  }[];
}
interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
}

const namesIn = (expression: string) => expression.match(/\b(?:skyfix|process|nodejs)_[a-z0-9_]+\b/g) ?? [];

test('every metric that rules and dashboard name is exported after traffic', async () => {
  const rules = parse(await readFile(join(OPS, 'alerts.yml'), 'utf8')) as Rules;
  const dashboard = JSON.parse(await readFile(join(OPS, 'grafana/skyfix.json'), 'utf8')) as Dashboard;
  const expressions = [
    ...rules.groups.flatMap((group) => group.rules.map((rule) => rule.expr)),
    ...dashboard.panels.flatMap((panel) => panel.targets.map((target) => target.expr)),
  ];
  const named = new Set(expressions.flatMap(namesIn));
  assert.ok(named.size >= 10, [...named].join());

  const dataDir = await mkdtemp(join(tmpdir(), 'skyfix-ops-'));
  await publishTinyVersion(dataDir, 'tiny');
  const regions = await RegionService.open(dataDir, { threads: 1 });
  const key = 'a-key-for-the-admin-routes';
  const app = await buildApp({ config: loadConfig({ LOG_LEVEL: 'silent', SKYFIX_API_KEYS: key }), regions });
  try {
    const headers = { 'content-type': 'image/png' };
    const payload = await pngOf(noisePanorama(1));
    assert.equal((await app.inject({ method: 'POST', url: '/locate', payload, headers })).statusCode, 200);
    assert.equal(
      (await app.inject({ method: 'POST', url: '/locate?top=0', payload, headers })).statusCode,
      400,
    );
    const url = '/admin/regions/tiny/reload';
    const reloaded = await app.inject({ method: 'POST', url, headers: { authorization: `Bearer ${key}` } });
    assert.equal(reloaded.statusCode, 200);
    const exported = new Set(
      (await app.inject('/metrics')).body.split('\n').map((line) => /^[a-z0-9_]+/.exec(line)?.[0]),
    );
    const missing = [...named].filter((name) => !exported.has(name));
    assert.deepEqual(missing, []);
  } finally {
    await app.close();
    await regions.close();
    await rm(dataDir, { recursive: true });
  }
});

const promtool = spawnSync('promtool', ['--version']).error ? 'promtool is not installed' : false;

test('promtool accepts the configuration and its rule tests pass', { skip: promtool }, () => {
  for (const args of [
    ['check', 'config', 'prometheus.yml'],
    ['test', 'rules', 'alerts.test.yml'],
  ]) {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: OPS, encoding: 'utf8' });
    assert.equal(status, 0, stdout + stderr);
  }
});
