// What ops/ names exists: every metric in rules, rule tests and dashboard is in /metrics after traffic. And promtool agrees.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { buildApp } from '../../src/app.js';
import { answerOf, FakeRegions, testConfig } from '../support/fake-regions.js';

const OPS = fileURLToPath(new URL('../../../ops/', import.meta.url));

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly alert: string; readonly expr: string }[];
  }[];
}
interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
}

interface AdapterValues {
  readonly rules: {
    readonly custom: readonly {
      readonly seriesQuery: string;
      readonly metricsQuery: string;
      readonly name: { readonly as: string };
    }[];
  };
}

const read = (name: string) => readFileSync(join(OPS, name), 'utf8');
const namesIn = (text: string) => [...text.matchAll(/\bskyfix_[a-z0-9_]+/g)].map(([name]) => name);

async function metricsAfterTraffic(): Promise<string> {
  const regions = new FakeRegions();
  const config = testConfig({ SKYFIX_API_KEYS: 'correct-horse-battery' });
  const app = await buildApp({
    config,
    regions,
    locate: async () => answerOf('demo'),
    canaries: () => ({ answered: 9, failed: 1, recall: 0.8, medianErrorM: 2.5, endedAt: 1_800_000_000 }),
  });
  const body = {
    method: 'POST',
    url: '/locate',
    payload: 'x',
    headers: { 'content-type': 'image/png' },
  } as const;
  assert.equal((await app.inject(body)).statusCode, 200);
  assert.equal((await app.inject({ ...body, url: '/locate?top=0' })).statusCode, 400);
  const reload = { method: 'POST', url: '/admin/regions/demo/reload' } as const;
  await app.inject({ ...reload, headers: { authorization: 'Bearer correct-horse-battery' } });
  const { body: text } = await app.inject('/metrics');
  await app.close();
  return text;
}

test('every metric that rules and dashboard name is measured, with the labels they select by', async () => {
  const text = await metricsAfterTraffic();
  const measured = new Set([...text.matchAll(/^(skyfix_\w+)/gm)].map(([, name]) => name));
  const rules = (parse(read('alerts.yml')) as Rules).groups.flatMap((group) => group.rules);
  const dashboard = JSON.parse(read('grafana/skyfix.json')) as Dashboard;
  const expressions = [
    ...rules.map(({ expr }) => expr),
    ...dashboard.panels.flatMap((panel) => panel.targets.map(({ expr }) => expr)),
    ...dashboard.templating.list.map(({ query }) => query),
  ];
  const named = new Set([...expressions.flatMap(namesIn), ...namesIn(read('alerts.test.yml'))]);
  assert.ok(named.size >= 12, `only ${named.size} metrics are named`);
  assert.deepEqual(
    [...named].filter((name) => !measured.has(name)),
    [],
  );
  for (const selector of expressions.flatMap((expr) => [...expr.matchAll(/(skyfix_\w+)\{([^}]*)\}/g)])) {
    const [, metric = '', labels = ''] = selector;
    const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`));
    for (const [, label = '', operator, value] of labels.matchAll(/(\w+)(=~|!=|=)"([^"]*)"/g)) {
      if (label === 'instance') continue;
      assert.ok(
        lines.some(
          (line) =>
            (operator === '=' ? line.includes(`${label}="${value}"`) : line.includes(`${label}="`)) ||
            value === 'aborted',
        ),
        `${metric} has no ${label}${operator}"${value}"`,
      );
    }
  }
});

test('every metric that the autoscaler goes by is measured, or made by its adapter of what is', async () => {
  const text = await metricsAfterTraffic();
  const measured = new Set([...text.matchAll(/^(skyfix_\w+)/gm)].map(([, name]) => name));
  const { rules } = parse(read('kubernetes/prometheus-adapter.yaml')) as AdapterValues;
  const made = rules.custom.map(({ name }) => name.as);
  const queried = rules.custom.flatMap(({ seriesQuery, metricsQuery }) => [
    ...namesIn(seriesQuery),
    ...namesIn(metricsQuery),
  ]);
  assert.ok(queried.length >= 2, `${queried}`);
  assert.deepEqual(
    queried.filter((name) => !measured.has(name)),
    [],
  );
  // In all manifests: whatever else names a metric.
  for (const name of readdirSync(join(OPS, 'kubernetes'))) {
    const named = namesIn(read(`kubernetes/${name}`)).filter(
      (one) => !made.includes(one) && !measured.has(one),
    );
    assert.deepEqual(named, [], name);
  }
});

test('each alert has a unit test', () => {
  const rules = (parse(read('alerts.yml')) as Rules).groups.flatMap((group) => group.rules);
  for (const { alert } of rules) assert.ok(read('alerts.test.yml').includes(`alertname: ${alert}`), alert);
});

test('latencies have buckets on both sides of the budget', async () => {
  const text = await metricsAfterTraffic();
  const bounds = [
    ...text.matchAll(/skyfix_stage_duration_seconds_bucket\{le="([\d.]+)",stage="total",outcome="ok"\}/g),
  ].map(([, le]) => Number(le));
  assert.ok(bounds.includes(0.18));
  assert.ok(bounds.filter((le) => le >= 0.1 && le < 0.18).length >= 2);
  assert.ok(bounds.filter((le) => le > 0.18 && le <= 0.3).length >= 2);
});

const promtool = spawnSync('promtool', ['--version']).error === undefined;
const skip = promtool ? false : 'promtool is not installed (Debian package prometheus)';
for (const args of [
  ['check', 'config', 'prometheus.yml'],
  ['check', 'rules', 'alerts.yml'],
  ['test', 'rules', 'alerts.test.yml'],
]) {
  test(`promtool ${args.join(' ')}`, { skip }, () => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: OPS, encoding: 'utf8' });
    assert.equal(status, 0, `${stdout}${stderr}`);
  });
}

test('promtool accepts what /metrics says', { skip }, async () => {
  const input = await metricsAfterTraffic();
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  assert.deepEqual(`${stdout}${stderr}`.split('\n').filter(Boolean), []);
  assert.equal(status, 0);
});
