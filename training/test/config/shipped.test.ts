// What ships is what the presets make: a preset that changes makes another bundle, which then has to be made.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PACKAGE_ROOT } from 'skyfix/cli';
import { loadRunConfig } from '../../config/index.js';

const readJson = async (...path: string[]) => JSON.parse(await readFile(join(PACKAGE_ROOT, ...path), 'utf8'));

describe('what ships', () => {
  for (const [bundle, preset] of [
    ['general', 'general'],
    ['small-town', 'town'],
  ] as const) {
    it(`${bundle} was made by the preset ${preset} as it is`, async () => {
      const { name, version, training } = await readJson('models', bundle, 'bundle.json');
      const config = JSON.parse(JSON.stringify(await loadRunConfig(preset)));
      assert.deepEqual(training.config, config);
      assert.deepEqual([name, version], [config.bundle.name, config.bundle.version]);
    });
  }

  it('the demo region was made by a bundle that ships', async () => {
    const { bundle } = await readJson('demo', 'index', 'index.json');
    const { name, version } = await readJson('models', bundle.name, 'bundle.json');
    assert.deepEqual([bundle.name, bundle.version], [name, version]);
  });
});
