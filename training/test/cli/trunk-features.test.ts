// skyfix-train export --trunk-features, with weights out of a file.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CommanderError } from 'commander';
import { readOnnx } from 'skyfix/onnx';
import { exportCommand } from '../../cli/export-command.js';
import { torchLayout } from '../../export/index.js';
import { createEfficientNetLite } from '../../networks/index.js';
import { writeSafetensors } from '../../weights/index.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-features-'));
after(() => rm(root, { recursive: true }));

const run = (...args: readonly string[]) =>
  exportCommand()
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync(['node', 'export', ...args]);

test("a trunk's features as one ONNX file", async (context) => {
  const printed: string[] = [];
  context.mock.method(process.stdout, 'write', (text: string) => printed.push(text) > 0);
  const weights = join(root, 'lite0.safetensors');
  const trunk = createEfficientNetLite('efficientnet-lite0', 6);
  await writeFile(weights, writeSafetensors(torchLayout(trunk.params.toArrays())));
  trunk.params.dispose();
  const out = join(root, 'features.onnx');
  const asked = ['--trunk-features', 'efficientnet-lite0', '--encoder-weights', weights, '--out', out];
  await run(...asked, '--blocks', '4,6');
  const { inputs, outputs } = readOnnx(await readFile(out));
  assert.deepEqual(inputs[0]?.shape, ['B', 3, 'H', 'W']);
  assert.deepEqual(outputs[0]?.shape, ['B', 120, 'h', 'w']);
  assert.match(
    printed.join(''),
    /features\.onnx: efficientnet-lite0, blocks 4, 6, 120 channels.*Apache License/s,
  );
  await assert.rejects(run(...asked, '--blocks', '4,16'), {
    code: 'TRAINING_CONFIG_INVALID',
    message: /no block 16/,
  });
  await assert.rejects(run(...asked), {
    code: 'WEIGHTS_INVALID',
    message: /lite0\.safetensors: blocks\.7\./,
  });
  for (const wrong of [['--blocks', '4;6'], ['--init']]) {
    await assert.rejects(run(...asked, ...wrong), CommanderError);
  }
  await assert.rejects(run('--init', '--blocks', '4', '--out', out), CommanderError);
});
