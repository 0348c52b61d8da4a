import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { CONFIG_VARIABLES, describeConfig, loadConfig } from '../../src/config/index.js';
import { SkyfixError } from '../../src/errors/index.js';

describe('configuration', () => {
  test('an empty environment gives the documented defaults', () => {
    const config = loadConfig({});
    for (const [key, variable] of Object.entries(CONFIG_VARIABLES)) {
      assert.deepEqual(config[key as keyof typeof config], variable.default, variable.name);
    }
    assert.deepEqual(loadConfig({ PORT: '', HOST: ' ' }), config);
  });

  test('numbers, lists and names are read', () => {
    const keys = 'first-key-of-sixteen, second-key-of-sixteen';
    const config = loadConfig({ PORT: '9000', SKYFIX_MIN_RECALL: '0.5', SKYFIX_API_KEYS: keys });
    assert.equal(config.port, 9000);
    assert.equal(config.minRecall, 0.5);
    assert.deepEqual(config.apiKeys, ['first-key-of-sixteen', 'second-key-of-sixteen']);
  });

  for (const [name, value] of [
    ['PORT', '65536'],
    ['PORT', 'http'],
    ['PORT', '80.5'],
    ['SKYFIX_MIN_RECALL', '1.1'],
    ['SKYFIX_CONCURRENCY', '0'],
    ['SKYFIX_DEFAULT_REGION', '../etc'],
    ['LOG_LEVEL', 'loud'],
  ] as const) {
    test(`${name}=${value} is CONFIG_INVALID, by name and value`, () => {
      assert.throws(
        () => loadConfig({ [name]: value }),
        (error) =>
          error instanceof SkyfixError &&
          error.code === 'CONFIG_INVALID' &&
          error.detail.includes(name) &&
          error.detail.includes(value),
      );
    });
  }

  test('a malformed key is named, not shown', () => {
    assert.throws(
      () => loadConfig({ SKYFIX_API_KEYS: 'secret' }),
      (error) =>
        error instanceof SkyfixError && /SKYFIX_API_KEYS/.test(error.detail) && !/secret/.test(error.detail),
    );
  });

  test('the help names every variable', () => {
    for (const { name } of Object.values(CONFIG_VARIABLES)) assert.ok(describeConfig().includes(name), name);
  });
});
