// A misspelt variable is not ignored: near a real one it is refused, else named with the nearest.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CONFIG_VARIABLES, loadConfig, unknownVariables } from '../../src/config/index.js';
import { SkyfixError } from '../../src/errors/index.js';

const names = Object.values(CONFIG_VARIABLES)
  .map(({ name }) => name as string)
  .filter((name) => name.startsWith('SKYFIX_'));

const refusedFor = (name: string) => (error: unknown) =>
  error instanceof SkyfixError && error.code === 'CONFIG_INVALID' && error.detail.includes(name);

test('one letter more, less, other or swapped is refused with the name that is meant', () => {
  const mistakes = fc.record({
    name: fc.constantFrom(...names),
    at: fc.integer({ min: 7, max: 60 }),
    kind: fc.constantFrom('drop', 'double', 'replace', 'swap', 'lower'),
  });
  fc.assert(
    fc.property(mistakes, ({ name, at, kind }) => {
      const k = Math.min(at, name.length - 2);
      const wrong = {
        drop: name.slice(0, k) + name.slice(k + 1),
        double: name.slice(0, k) + name.slice(k - 1),
        replace: `${name.slice(0, k)}Q${name.slice(k + 1)}`,
        swap: `${name.slice(0, k)}${name[k + 1]}${name[k]}${name.slice(k + 2)}`,
        lower: name.toLowerCase(),
      }[kind];
      fc.pre(!names.includes(wrong));
      assert.throws(() => loadConfig({ [wrong]: '1' }), refusedFor(wrong));
    }),
  );
  for (const [wrong, right] of [
    ['SKYFIX_APIKEYS', 'SKYFIX_API_KEYS'],
    ['SKYFIX_QUEUESIZE', 'SKYFIX_QUEUE_SIZE'],
    ['SKYFIX_DEFUALT_REGION', 'SKYFIX_DEFAULT_REGION'],
  ] as const) {
    assert.throws(() => loadConfig({ [wrong]: '1' }), refusedFor(right));
  }
});

test('what may be meant for others is named, not refused; empty ones and those of other parts are silent', () => {
  const env = {
    SKYFIX_SERVICE_HOST: '10.0.0.1',
    SKYFIX_PORT: 'tcp://10.0.0.1:80',
    SKYFIX_DATA_DIR: '/data',
    SKYFIX_CACHE: '/cache',
    SKYFIX_QUEUESIZE: ' ',
    OTHER: 'x',
  };
  loadConfig(env);
  const warnings = unknownVariables(env);
  assert.equal(warnings.length, 3);
  assert.match(warnings.join('\n'), /SKYFIX_DATA_DIR .* nearest name is SKYFIX_DATA\b/);
  assert.match(warnings.join('\n'), /SKYFIX_PORT .* nearest name is PORT\b/);
});

test('values that only make sense together, and lists of addresses and origins, are checked', () => {
  assert.throws(
    () => loadConfig({ SKYFIX_UPLOAD_MEMORY_BYTES: '70000' }),
    refusedFor('SKYFIX_UPLOAD_MEMORY_BYTES'),
  );
  const large = loadConfig({ SKYFIX_MAX_UPLOAD_BYTES: '1073741824' });
  assert.ok(large.uploadMemoryBytes >= 2 * 1_073_741_824);
  for (const bad of ['proxy', '10.0.0.0/33', '300.1.1.1', '::1/129', '10.0.0.1,']) {
    assert.throws(
      () => loadConfig({ SKYFIX_TRUSTED_PROXIES: bad }),
      refusedFor('SKYFIX_TRUSTED_PROXIES'),
      bad,
    );
  }
  assert.deepEqual(loadConfig({ SKYFIX_TRUSTED_PROXIES: '10.0.0.0/8, ::1' }).trustedProxies, [
    '10.0.0.0/8',
    '::1',
  ]);
  for (const bad of ['maps.example', 'https://maps.example/path', 'ftp://x']) {
    assert.throws(() => loadConfig({ SKYFIX_CORS_ORIGINS: bad }), refusedFor('SKYFIX_CORS_ORIGINS'), bad);
  }
});

test('a stop fits into the ten seconds of docker stop', () => {
  assert.ok(loadConfig({}).stopTimeoutMs + 1_500 < 10_000);
});
