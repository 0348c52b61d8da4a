// The examples for operators name what exists: variables, flags and files; systemd agrees where it is installed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { PACKAGE_ROOT, skyfixCommand } from '../../cli/index.js';
import { CONFIG_VARIABLES } from '../../src/config/index.js';

const OPS = join(PACKAGE_ROOT, 'ops');
const read = (name: string) => readFileSync(join(OPS, name), 'utf8');
const variables = new Set<string>([
  ...Object.values(CONFIG_VARIABLES).map(({ name }) => name),
  'SKYFIX_CACHE',
]);
const unknownVariables = (text: string) =>
  [...text.matchAll(/\bSKYFIX_[A-Z_]+/g)].map(([name]) => name).filter((name) => !variables.has(name));

test('compose.yaml builds this image, keeps its data in a volume and mounts files that are there', () => {
  const text = read('compose.yaml');
  const { services, volumes } = parse(text) as {
    services: Record<string, { build?: string; ports?: string[]; volumes?: string[]; network_mode?: string }>;
    volumes: Record<string, unknown>;
  };
  assert.deepEqual(unknownVariables(text), []);
  assert.ok(existsSync(join(OPS, services.skyfix?.build ?? '', 'Dockerfile')));
  assert.deepEqual(services.skyfix?.volumes, ['skyfix-data:/data']);
  assert.ok('skyfix-data' in volumes);
  assert.equal(services.prometheus?.network_mode, 'service:skyfix');
  for (const mount of services.prometheus?.volumes ?? []) {
    assert.ok(existsSync(join(OPS, mount.split(':')[0] ?? '')), mount);
  }
});

test('skyfix.service starts a command that there is, with variables that there are', async () => {
  const text = read('skyfix.service');
  assert.deepEqual(unknownVariables(text), []);
  const [, script = '', name = '', flags = ''] = /^ExecStart=\S+ node (\S+) (\w+) ?(.*)$/m.exec(text) ?? [];
  assert.ok(existsSync(join(PACKAGE_ROOT, script)), script);
  const command = (await skyfixCommand()).commands.find((one) => one.name() === name);
  for (const flag of flags.split(' ').filter(Boolean)) {
    assert.ok(
      command?.options.some(({ long }) => long === flag),
      `${name} ${flag}`,
    );
  }
});

const analyze = spawnSync('systemd-analyze', ['--version']);
const missing = analyze.error ? 'systemd-analyze is not installed' : false;
test('systemd accepts skyfix.service', { skip: missing }, () => {
  const verified = spawnSync('systemd-analyze', ['verify', join(OPS, 'skyfix.service')], {
    encoding: 'utf8',
  });
  assert.equal(verified.status, 0, verified.stderr);
});
