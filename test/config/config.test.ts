// Configuration: defaults, ranges, what is refused, and that keys never show.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG_VARIABLES, type ConfigVariable, configHelp, loadConfig } from '../../src/config/index.js';
import { SkyfixError } from '../../src/errors/index.js';

const variables = Object.values<ConfigVariable>(CONFIG_VARIABLES);

function refusal(env: Record<string, string>): SkyfixError {
  try {
    loadConfig(env);
  } catch (error) {
    assert.ok(error instanceof SkyfixError);
    assert.equal(error.code, 'CONFIG_INVALID');
    return error;
  }
  throw new assert.AssertionError({ message: `accepted ${JSON.stringify(env)}` });
}

test('an empty environment gives the defaults; empty variables count as unset', () => {
  const config = loadConfig({});
  assert.equal(config.host, '127.0.0.1');
  assert.equal(config.port, 8080);
  assert.deepEqual(config.apiKeys, []);
  assert.equal(config.defaultRegion, undefined);
  const empty = Object.fromEntries(variables.map(({ name }) => [name, ' ']));
  assert.deepEqual(loadConfig(empty), config);
});

test('reads each kind of value', () => {
  const config = loadConfig({
    HOST: '::1',
    PORT: '0',
    SKYFIX_DATA: '/srv/skyfix',
    SKYFIX_API_KEYS: 'first-key-0123456789, second-key-0123456789',
    SKYFIX_DEFAULT_REGION: 'old-town',
    SKYFIX_QUEUE_SIZE: '0',
    SKYFIX_MIN_RECALL: '0.975',
    LOG_LEVEL: 'warn',
  });
  assert.equal(config.host, '::1');
  assert.equal(config.port, 0);
  assert.equal(config.dataDir, '/srv/skyfix');
  assert.deepEqual(config.apiKeys, ['first-key-0123456789', 'second-key-0123456789']);
  assert.equal(config.defaultRegion, 'old-town');
  assert.equal(config.queueSize, 0);
  assert.equal(config.minRecall, 0.975);
  assert.equal(config.logLevel, 'warn');
});

test('numbers are refused outside their range and where they are none, with name and value', () => {
  for (const variable of variables) {
    if (variable.type !== 'integer' && variable.type !== 'number') continue;
    const { name, minimum, maximum } = variable;
    const bad = [String(minimum - 1), String(maximum + 1), 'many', 'NaN', 'Infinity', '0x', '1,5'];
    if (variable.type === 'integer') bad.push(String(minimum + 0.5));
    for (const text of bad) {
      const { detail } = refusal({ [name]: text });
      assert.ok(detail.includes(name) && detail.includes(text), `${name}=${text}: ${detail}`);
    }
    // One upload has to fit into the memory of all.
    loadConfig({ SKYFIX_MAX_UPLOAD_BYTES: '1024', [name]: String(minimum) });
    loadConfig({ [name]: String(maximum) });
  }
});

test('choices and patterns are held', () => {
  assert.match(refusal({ LOG_LEVEL: 'loud' }).detail, /LOG_LEVEL.*loud.*debug/s);
  assert.match(refusal({ SKYFIX_DEFAULT_REGION: 'Old Town' }).detail, /SKYFIX_DEFAULT_REGION/);
});

test('a bad API key is refused without being shown', () => {
  const error = refusal({ SKYFIX_API_KEYS: 'first-key-0123456789,hunter2' });
  assert.match(error.detail, /SKYFIX_API_KEYS/);
  assert.doesNotMatch(error.message, /hunter2|first-key/);
});

test('help names every variable', () => {
  const text = configHelp();
  for (const { name, help } of variables) assert.ok(text.includes(name) && text.includes(help), name);
});
