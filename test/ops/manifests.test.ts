// The manifests for Kubernetes and compose: by the schemas of those who wrote them where a validator is installed, and what they
// name exists everywhere.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { PACKAGE_ROOT } from '../../cli/index.js';
import { CONFIG_VARIABLES, loadConfig } from '../../src/config/index.js';

const OPS = join(PACKAGE_ROOT, 'ops');
const KUBERNETES = join(OPS, 'kubernetes');
const read = (path: string) => readFileSync(join(OPS, path), 'utf8');
/** "pip install kubernetes-validate compose-spec", into SKYFIX_PYTHON's environment where that is set. */
const PYTHON = process.env.SKYFIX_PYTHON ?? 'python3';
const has = (module: string) => spawnSync(PYTHON, ['-c', `import ${module}`]).status === 0;

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly securityContext: object;
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe: { readonly httpGet: { readonly path: string } };
  readonly livenessProbe: { readonly httpGet: { readonly path: string } };
}
interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly securityContext: object;
        readonly containers: readonly [Container];
        readonly volumes: readonly { readonly name: string }[];
      };
    };
  };
}

const { resources } = parse(read('kubernetes/kustomization.yaml')) as { resources: string[] };
const pod = (parse(read('kubernetes/deployment.yaml')) as Deployment).spec.template.spec;
const [container] = pod.containers;

test('every manifest is one that kustomization.yaml takes, and there', () => {
  const others = ['kustomization.yaml', 'prometheus-adapter.yaml'];
  assert.deepEqual([...resources, ...others].sort(), readdirSync(KUBERNETES).sort());
});

test('the pod is restricted: no root, no privileges, nothing writable but its volumes, the default seccomp profile', () => {
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
  const { runAsNonRoot, seccompProfile } = pod.securityContext as Record<string, unknown>;
  assert.deepEqual([runAsNonRoot, seccompProfile], [true, { type: 'RuntimeDefault' }]);
  // Who is 1000 in node's images, and owns what the Dockerfile made.
  assert.match(readFileSync(join(PACKAGE_ROOT, 'Dockerfile'), 'utf8'), /^USER node$/m);
  const volumes = pod.volumes.map(({ name }) => name).sort();
  assert.deepEqual(container.volumeMounts.map(({ name }) => name).sort(), volumes);
});

test('its settings are ones that a server takes; its probes are routes; its command is one', () => {
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  loadConfig(env);
  const known = new Set<string>([...Object.values(CONFIG_VARIABLES).map(({ name }) => name), 'SKYFIX_CACHE']);
  assert.deepEqual(
    Object.keys(env).filter((name) => !known.has(name)),
    [],
  );
  const mounts = container.volumeMounts.map(({ mountPath }) => mountPath);
  for (const name of ['SKYFIX_KEYS_FILE', 'SKYFIX_CACHE'])
    assert.ok(
      mounts.some((mount) => env[name]?.startsWith(mount)),
      name,
    );
  const dockerfile = readFileSync(join(PACKAGE_ROOT, 'Dockerfile'), 'utf8');
  assert.match(dockerfile, new RegExp(`PORT=${container.ports[0]?.containerPort} `));
  assert.match(dockerfile, /SKYFIX_DATA=\/data /);
  assert.ok(mounts.includes('/data'));
  const openapi = readFileSync(join(PACKAGE_ROOT, 'openapi.yaml'), 'utf8');
  for (const { httpGet } of [container.readinessProbe, container.livenessProbe])
    assert.ok(openapi.includes(`\n  ${httpGet.path}:\n`), httpGet.path);
  assert.ok(existsSync(join(PACKAGE_ROOT, container.args[1] ?? '')));
});

test('what the autoscaler asks for is what the adapter makes', () => {
  const { spec } = parse(read('kubernetes/autoscaling.yaml')) as {
    spec: { metrics: { pods?: { metric: { name: string } } }[] };
  };
  const { rules } = parse(read('kubernetes/prometheus-adapter.yaml')) as {
    rules: { custom: { name: { as: string }; metricsQuery: string }[] };
  };
  const asked = spec.metrics.flatMap(({ pods }) => (pods ? [pods.metric.name] : []));
  assert.deepEqual(
    asked,
    rules.custom.map(({ name }) => name.as),
  );
});

const noPromtool = spawnSync('promtool', ['--version']).error !== undefined;
test('the query of the adapter is one: 0 where nobody waits, else the wait', {
  skip: noPromtool && 'promtool is not installed',
}, () => {
  const { rules } = parse(read('kubernetes/prometheus-adapter.yaml')) as {
    rules: { custom: { metricsQuery: string }[] };
  };
  const query = (rules.custom[0]?.metricsQuery ?? '')
    .replaceAll('<<.GroupBy>>', 'pod')
    .replaceAll('<<.LabelMatchers>>', 'namespace="skyfix",pod=~"a|b"')
    .replaceAll('<<.Series>>', 'skyfix_queue_wait_seconds_bucket');
  const labels = (pod: string, rest = '') => `{namespace="skyfix",pod="${pod}"${rest}}`;
  const series = [
    { series: `skyfix_ready${labels('a')}`, values: '1x10' },
    { series: `skyfix_ready${labels('b')}`, values: '1x10' },
    { series: `skyfix_queue_wait_seconds_bucket${labels('a', ',le="0.1"')}`, values: '0x10' },
    { series: `skyfix_queue_wait_seconds_bucket${labels('a', ',le="+Inf"')}`, values: '0x10' },
    { series: `skyfix_queue_wait_seconds_bucket${labels('b', ',le="0.1"')}`, values: '0+0x10' },
    { series: `skyfix_queue_wait_seconds_bucket${labels('b', ',le="0.2"')}`, values: '0+60x10' },
    { series: `skyfix_queue_wait_seconds_bucket${labels('b', ',le="+Inf"')}`, values: '0+60x10' },
  ];
  const file = join(mkdtempSync(join(tmpdir(), 'skyfix-adapter-')), 'test.yml');
  const expected = [
    { labels: '{pod="b"}', value: 0.195 },
    { labels: '{pod="a"}', value: 0 },
  ];
  const content = {
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: series,
        promql_expr_test: [{ expr: query, eval_time: '8m', exp_samples: expected }],
      },
    ],
  };
  writeFileSync(file, JSON.stringify(content));
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
  rmSync(dirname(file), { recursive: true });
  assert.equal(status, 0, `${stdout}${stderr}`);
});

const noSchemas = has('kubernetes_validate') ? false : 'not installed: kubernetes-validate';
test("Kubernetes' own schemas take every manifest, nothing unknown in them", { skip: noSchemas }, () => {
  const files = resources.map((name) => join(KUBERNETES, name));
  const script = 'import sys; from kubernetes_validate.__main__ import main; sys.exit(main())';
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', script, '--strict', '-k', '1.32', ...files], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${stdout}${stderr}`);
});

const noKubectl = spawnSync('kubectl', ['version', '--client']).error ? 'not installed: kubectl' : false;
test('kustomize puts them together under the image that is named', { skip: noKubectl }, () => {
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', KUBERNETES], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.match(stdout, /image: registry\.example\/skyfix:/);
  assert.equal([...stdout.matchAll(/^kind: /gm)].length, resources.length);
});

const noCompose = has('compose_spec') ? false : 'not installed: compose-spec';
test("compose.yaml is one by compose's specification", { skip: noCompose }, () => {
  const script =
    'import sys, json, compose_spec; compose_spec.ComposeSpecification.model_validate(json.load(sys.stdin), strict=False)';
  const { status, stderr } = spawnSync(PYTHON, ['-c', script], {
    input: JSON.stringify(parse(read('compose.yaml'))),
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
});

test('Grafana finds its data source and its dashboard at the start', () => {
  const { services } = parse(read('compose.yaml')) as {
    services: Record<string, { volumes?: string[]; environment?: Record<string, string>; ports?: string[] }>;
  };
  const mounts = (services.grafana?.volumes ?? []).map((mount) => mount.split(':'));
  const inside = (path: string) => mounts.find(([from]) => from === path)?.[1];
  const { datasources } = parse(read('grafana/provisioning/datasources/prometheus.yml')) as {
    datasources: { url: string; type: string; isDefault: boolean }[];
  };
  // Prometheus shares the network of the server, and so has its name.
  assert.deepEqual(
    datasources.map(({ url, type, isDefault }) => [url, type, isDefault]),
    [['http://skyfix:9090', 'prometheus', true]],
  );
  assert.equal(inside('./grafana/provisioning'), '/etc/grafana/provisioning');
  const { providers } = parse(read('grafana/provisioning/dashboards/skyfix.yml')) as {
    providers: { options: { path: string } }[];
  };
  const dashboard = inside('./grafana/skyfix.json') ?? '';
  assert.ok(dashboard.startsWith(`${providers[0]?.options.path}/`));
  assert.equal(services.grafana?.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH, dashboard);
  for (const { ports = [] } of Object.values(services))
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:/);
});
