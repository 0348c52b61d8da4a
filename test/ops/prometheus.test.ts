// A real Prometheus scrapes a running server by ops/prometheus.yml; what rules and dashboard ask has answers there.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { buildApp } from '../../src/app.js';
import { answerOf, FakeRegions, testConfig } from '../support/fake-regions.js';

const OPS = fileURLToPath(new URL('../../../ops/', import.meta.url));
const installed = spawnSync('prometheus', ['--version']).error === undefined;
const skip = installed ? false : 'prometheus is not installed (Debian package prometheus)';

interface PrometheusConfig {
  readonly global: object;
  readonly scrape_configs: readonly [{ readonly static_configs: readonly [{ readonly targets: string[] }] }];
}
interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}
interface Dashboard {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}
interface Rules {
  readonly data: {
    readonly groups: readonly { readonly rules: readonly { health: string; name: string }[] }[];
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('a real Prometheus', { skip }, () => {
  let app: Awaited<ReturnType<typeof buildApp>>;
  let prometheus: ChildProcess;
  let dir: string;
  let base: string;
  let server: string;

  async function get<T>(path: string): Promise<T> {
    return (await fetch(`${base}${path}`)).json() as Promise<T>;
  }

  async function valuesOf(expr: string): Promise<number[]> {
    const answer = await get<Answer>(`/api/v1/query?query=${encodeURIComponent(expr)}`);
    assert.equal(answer.status, 'success', `${expr}: ${answer.error}`);
    return answer.data.result.map(({ value }) => Number(value[1]));
  }

  async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    for (let k = 0; k < 150; k++) {
      if (await isSo().catch(() => false)) return;
      await sleep(200);
    }
    assert.fail(`after 30 s: ${what}`);
  }

  before(async () => {
    const config = testConfig({ HOST: '127.0.0.1' });
    app = await buildApp({ config, regions: new FakeRegions(), locate: async () => answerOf('demo') });
    server = await app.listen({ host: '127.0.0.1', port: 0 });
    dir = await mkdtemp(join(tmpdir(), 'skyfix-prometheus-'));
    const settings = parse(await readFile(join(OPS, 'prometheus.yml'), 'utf8')) as PrometheusConfig;
    settings.scrape_configs[0].static_configs[0].targets.splice(0, 1, new URL(server).host);
    const quick = { ...settings, global: { scrape_interval: '1s', evaluation_interval: '1s' } };
    await writeFile(join(dir, 'prometheus.yml'), stringify(quick));
    await copyFile(join(OPS, 'alerts.yml'), join(dir, 'alerts.yml'));
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    prometheus = spawn(
      'prometheus',
      [
        `--config.file=${join(dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(dir, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    await until('Prometheus is not ready', async () => (await fetch(`${base}/-/ready`)).ok);
  });

  after(async () => {
    if (prometheus?.exitCode === null) {
      prometheus.kill();
      await once(prometheus, 'exit');
    }
    await app?.close();
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  it('scrapes it, computes latency and rates, and evaluates every rule and panel', async () => {
    await until('the target is not up', async () => (await valuesOf('up{job="skyfix"}'))[0] === 1);
    const total = 'sum(skyfix_requests_total{route="/locate",status="200"})';
    const upload = { method: 'POST', body: 'x', headers: { 'content-type': 'image/png' } };
    for (let k = 1; k <= 3; k++) {
      assert.equal((await fetch(`${server}/locate`, upload)).status, 200);
      await until(`${k} requests are not counted`, async () => (await valuesOf(total))[0] === k);
    }
    const dashboard = JSON.parse(await readFile(join(OPS, 'grafana/skyfix.json'), 'utf8')) as Dashboard;
    const answered = new Map<string, number[]>();
    for (const { title, targets } of dashboard.panels) {
      const values: number[] = [];
      for (const { expr } of targets) values.push(...(await valuesOf(expr.replaceAll('$instance', '.+'))));
      answered.set(title, values);
    }
    const latency = answered.get('Locating, without the upload (budget 0.18 s)') ?? [];
    assert.ok(latency.length === 3 && latency.every((value) => value > 0 && value < 0.18), `${latency}`);
    for (const title of [
      'Ready',
      'Requests per second',
      'Uploading, waiting, running',
      'Versions',
      'Memory',
      'CPU',
    ]) {
      assert.ok((answered.get(title) ?? []).length > 0, `the panel "${title}" is empty`);
    }
    await until('the rules are not evaluated', async () => {
      const { data } = await get<Rules>('/api/v1/rules');
      const rules = data.groups.flatMap((group) => group.rules);
      return rules.length > 5 && rules.every(({ health }) => health === 'ok');
    });
    assert.deepEqual(await valuesOf('ALERTS{alertstate="firing"}'), []);
  });
});
