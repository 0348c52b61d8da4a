// Encoders that look at a whole view at once: what they give must be what they give of each square cut out, in order.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import {
  type BundleConfig,
  checkBundleConfig,
  checkNetworks,
  importBundle,
  loadBundle,
} from '../../src/bundles/index.js';
import { type DenseParts, denseEncoder, writeTinyBundle } from '../support/tiny-bundle.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-dense-'));
after(() => rm(root, { recursive: true }));

// Views of 16 px: 5 x 5 looks of 8 px, each of 4 x 4 cells.
const [S, CELL, D] = [8, 2, 48];
const GEOMETRY = {
  tileSizeM: 40,
  inputSizePx: S,
  bevSizePx: S,
  cameraHeightM: 2,
  searchMarginPx: 4,
  searchStepPx: CELL,
};
const CONFIG: BundleConfig = {
  schema: 'skyfix-bundle/1',
  name: 'dense',
  version: '1',
  geometry: GEOMETRY,
  looks: 'dense',
  preprocessing: { generatorRange: [-1, 1], encoderRange: [0, 1], invalidPixel: -1 },
  descriptor: { dimensions: D },
};

let count = 0;
async function importOf(parts: DenseParts, config = CONFIG) {
  const folder = await mkdtemp(join(root, `case-${++count}-`));
  const encoderPath = join(folder, 'e.onnx');
  await writeFile(encoderPath, denseEncoder(S, CELL, parts));
  return importBundle({ encoderPath, config, out: join(folder, 'out'), replace: false, threads: 1 });
}

describe('an encoder with dense looks', () => {
  test('becomes a bundle that says so, and is like its crops', async () => {
    const { manifest, encoder } = await importOf({});
    assert.equal(manifest.looks, 'dense');
    assert.equal(encoder.batch, 'free');
    assert.ok(Math.abs((encoder.likeness ?? 0) - 1) < 1e-5);
  });

  test('without the word is an encoder of tiles, of which looks are cut out', async () => {
    const { looks, ...config } = CONFIG;
    const { manifest, encoder } = await importOf({}, config);
    assert.equal(manifest.looks, undefined);
    assert.equal(encoder.likeness, undefined);
  });

  test('that looks in the middle only needs no larger images', async () => {
    const { searchMarginPx, searchStepPx, ...geometry } = GEOMETRY;
    const { manifest } = await importOf({ sides: [S, S] }, { ...CONFIG, geometry });
    assert.equal(manifest.looks, 'dense');
  });

  test('bundle.json knows "cropped" and "dense"', async () => {
    assert.equal(checkBundleConfig(CONFIG, 'c.json').looks, 'dense');
    assert.throws(() => checkBundleConfig({ ...CONFIG, looks: 'all' }, 'c.json'), {
      code: 'BUNDLE_CONFIG_INVALID',
      message: /\/looks .*"all"/,
    });
    const dir = await writeTinyBundle(
      join(root, 'words'),
      GEOMETRY,
      { 'encoder.onnx': denseEncoder(S, CELL) },
      D,
      'dense',
    );
    assert.equal((await loadBundle(dir)).manifest.looks, 'dense');
    const path = join(dir, 'bundle.json');
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), looks: 'wide' }));
    await assert.rejects(loadBundle(dir), { code: 'BUNDLE_CORRUPT', message: /\/looks .*"wide"/ });
  });
});

describe('is refused by import and by check', () => {
  const KINDS: readonly (readonly [what: string, parts: DenseParts, message: RegExp])[] = [
    [
      'that gives its looks column by column',
      { order: [0, 3, 2, 1] },
      /column 2 of row 1 from the north-west \(row 2 of its 25\) is nearest .* the look in column 1 of row 2 .*20 of 25/,
    ],
    [
      'of another step',
      { stride: 2 },
      /descriptor of 1 views of 16 px has shape \[9, 48\], expected \[25, 48\]: 5 x 5 looks, 2 px \(searchStepPx\) apart/,
    ],
    [
      'that is declared for tiles only',
      { sides: [S, S] },
      /declared as \[N, 3, 8, 8\]; with dense looks it is given tiles of 8 px and views of 16 px: export it with free axes/,
    ],
    [
      'whose looks know what the other views of a batch show',
      {
        middle: (graph, windows) => {
          const mean = graph.node('ReduceMean', [windows], { axes: [0], keepdims: 1 });
          const one = graph.node('Mul', [windows, graph.constant('half', [1], Float32Array.of(0.5))]);
          return graph.node('Add', [one, mean]);
        },
      },
      /in a batch of 2/,
    ],
    [
      'that says one thing of the whole view',
      {
        middle: (graph, windows) => {
          const mean = graph.node('GlobalAveragePool', [windows]);
          const nothing = graph.node('Mul', [windows, graph.constant('zero', [1], new Float32Array(1))]);
          return graph.node('Add', [nothing, mean]);
        },
      },
      /is nearest to the crop at the place of/,
    ],
    [
      'that has nothing to say of ground that is not seen',
      {
        middle: (graph, windows) =>
          // Rows further east than the first are shifted off black: only a look of nothing but black is zero.
          graph.node('Add', [windows, graph.constant('half', [1], Float32Array.of(0.5))]),
      },
      /of the darkest image is zero in every dimension/,
    ],
  ];
  for (const [what, parts, message] of KINDS) {
    test(what, async () => {
      await assert.rejects(importOf(parts), { code: 'NETWORK_INVALID', message });
      const networks = { 'encoder.onnx': denseEncoder(S, CELL, parts) };
      const dir = await writeTinyBundle(join(root, `check-${count}`), GEOMETRY, networks, D, 'dense');
      await assert.rejects(checkNetworks(await loadBundle(dir), { threads: 1 }), {
        code: 'NETWORK_INVALID',
        message,
      });
    });
  }

  test('whose looks depend on the other views, while its tiles do not', async () => {
    // What a batch of views has in common is added where there is more than one window.
    const middle: DenseParts['middle'] = (graph, windows) => {
      const spread = graph.node('Sub', [windows, graph.node('GlobalAveragePool', [windows])]);
      const common = graph.node('ReduceMean', [spread], { axes: [0], keepdims: 1 });
      return graph.node('Add', [windows, common]);
    };
    await assert.rejects(importOf({ middle }), {
      code: 'NETWORK_INVALID',
      message: /the looks at 8 views at once differ by 0\.\d+ from those at each alone/,
    });
  });
});
