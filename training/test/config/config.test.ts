// A run's configuration: presets, values over them, and what is refused, each field by field.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { PACKAGE_ROOT } from 'skyfix/cli';
import { parse, stringify } from 'yaml';
import {
  differences,
  everyField,
  loadRunConfig,
  PRESETS,
  REFERENCE_COMMAND,
  REFERENCE_FILES,
  referenceTexts,
  resolveRunConfig,
} from '../../config/index.js';
import { RUN_CONFIG_SCHEMA } from '../../config/schema.js';
import { PUBLISHED_GROUND } from '../../datasets/index.js';
import { leavesOf, refused } from './fields.js';

describe('presets', () => {
  for (const preset of PRESETS) {
    it(`${preset} is valid, and is itself again when it is printed and read`, async () => {
      const config = await loadRunConfig(preset);
      assert.deepEqual(await resolveRunConfig({ preset }), config);
      const printed = parse(stringify(config)) as Record<string, unknown>;
      assert.deepEqual(await resolveRunConfig(printed), config);
    });
  }

  it('paper has the published values', async () => {
    const { geometry, networks, stage1, selfTraining } = await loadRunConfig('paper');
    assert.deepEqual([geometry.inputSizePx, networks.encoder.size], [256, 'base']);
    assert.deepEqual([stage1.lambdaCycle, stage1.lambdaContrast, stage1.learningRate], [10, 2, 0.0002]);
    assert.deepEqual([stage1.lambdaPaired, stage1.lambdaIdentity, stage1.historyPool], [0, 0, 50]);
    assert.deepEqual([stage1.contrast.temperature, stage1.contrast.positions], [0.07, 256]);
    assert.deepEqual([selfTraining.gamma, selfTraining.lambda0, selfTraining.bins], [0.9, 0.5, 10]);
  });
});

describe('every field', () => {
  it('is printed with what it stands for when absent, and read again is the same configuration', async () => {
    for (const preset of PRESETS) {
      const config = await loadRunConfig(preset);
      const printed = parse(stringify(everyField(config))) as Record<string, never>;
      assert.deepEqual(await resolveRunConfig({ preset: 'town', ...printed }), {
        ...(await resolveRunConfig(printed)),
      });
      assert.deepEqual(differences(await resolveRunConfig(printed), config), []);
    }
    const small = parse(stringify(everyField(await loadRunConfig('small'))));
    const source = small.data.source;
    assert.deepEqual([source.fieldOfView, source.imagery, source.splitSeed], [null, null, 1]);
    assert.deepEqual([small.stage1.steps, small.stage1.epochs, small.data.samePlaceM], [null, 6, 0]);
    const { generator, encoder } = small.networks;
    assert.deepEqual([generator.learnResidual, generator.weights, encoder.weights], [false, null, null]);
    assert.deepEqual([small.geometry.searchMarginPx, small.evaluation.areas], [0, null]);
  });

  it('has a sentence, and a place in the reference and in the schema for editors, which are up to date', async () => {
    const texts = await referenceTexts();
    for (const name of ['markdown', 'jsonSchema'] as const) {
      const path = join(PACKAGE_ROOT, REFERENCE_FILES[name]);
      assert.equal(await readFile(path, 'utf8'), texts[name], `${path}: ${REFERENCE_COMMAND} writes it anew`);
    }
    const missing = (
      tree: { properties?: object; items?: object; description?: string },
      at: string,
    ): string[] => [
      ...(tree.description || at.endsWith('[]') ? [] : [at]),
      ...Object.entries(tree.properties ?? {}).flatMap(([name, field]) => missing(field, `${at}/${name}`)),
      ...(tree.items && 'properties' in tree.items ? missing(tree.items as object, `${at}[]`) : []),
    ];
    assert.deepEqual(missing(RUN_CONFIG_SCHEMA, ''), []);
    for (const at of leavesOf(everyField(await loadRunConfig('town')))) {
      const path = at.slice(1).replaceAll('/', '.');
      const listed = texts.markdown.includes(`\`${path}\``) || texts.markdown.includes(`## ${path}\n`);
      assert.ok(listed, `${path} is not in the reference`);
    }
    const editors = new Ajv({ strict: false }).compile(JSON.parse(texts.jsonSchema));
    for (const preset of PRESETS) assert.ok(editors({ preset, stage3: { steps: 3 }, publish: null }));
    assert.ok(!editors({ preset: 'small', stage3: { steps: 'many' } }));
    assert.ok(!editors({ preset: 'small', stage4: {} }));
  });
});

describe('the ground of a data set', () => {
  const groundOf = async (own: Record<string, unknown>, values: readonly string[] = []) => {
    const { tileSizeM, cameraHeightM } = (await resolveRunConfig(own, values)).geometry;
    return [tileSizeM, cameraHeightM];
  };

  it('is what is published of its format, in the presets for any data set', async () => {
    assert.deepEqual(await groundOf({ preset: 'paper' }), [60, 2.9]);
    for (const preset of ['paper', 'small'] as const) {
      for (const [format, ground] of [
        ['cvusa', [60, 2.9]],
        ['cvact', [60, 2.5]],
        ['vigor', [64.5, 2.5]],
        ['cv-cities', [50, 2.5]],
      ] as const) {
        const source = { format, root: 'x' };
        assert.deepEqual(await groundOf({ preset, data: { source } }), ground, `${preset} ${format}`);
        const values = [`data.source={ format: ${format}, root: x }`];
        assert.deepEqual(await groundOf({ preset }, values), ground, `${preset} --set ${format}`);
        const { geometry } = await resolveRunConfig({ preset }, values);
        const { geometry: own } = await resolveRunConfig({ preset });
        const rest = ({ fieldOfView: _, ...sizes }: typeof own) => ({
          ...sizes,
          tileSizeM: 0,
          cameraHeightM: 0,
        });
        assert.deepEqual(rest(geometry), rest(own));
      }
    }
  });

  it('is what the configuration says, field by field', async () => {
    const data = { source: { format: 'cvusa', root: 'x' } };
    for (const preset of ['paper', 'small']) {
      assert.deepEqual(await groundOf({ preset, data, geometry: { tileSizeM: 40 } }), [40, 2.9]);
      assert.deepEqual(await groundOf({ preset, data }, ['geometry.cameraHeightM=1.5']), [60, 1.5]);
    }
    const printed = parse(
      stringify(await resolveRunConfig({ preset: 'paper', geometry: { tileSizeM: 40 } })),
    );
    assert.deepEqual(await groundOf(printed as Record<string, unknown>), [40, 2.9]);
    await refused(loadRunConfig('paper', ['geometry.tileSizeM=null']), "'tileSizeM'");
    await refused(loadRunConfig('paper', ['data=null']), "'data'");
  });

  it("is the preset's for other formats and in the presets of a town", async () => {
    const csv = ['data.source={ format: csv, root: x }'];
    assert.deepEqual(await groundOf({ preset: 'paper' }, csv), [50, 1.5]);
    assert.deepEqual(await groundOf({ preset: 'small' }, csv), [64, 2.5]);
    for (const preset of ['town', 'ablation']) {
      const source = ['data.source={ format: cvusa, root: x, make: null }'];
      assert.deepEqual(await groundOf({ preset }, source), [48, 2.5]);
    }
  });
});

describe('the field of view that a bundle carries', () => {
  const seen = async (own: Record<string, unknown>, values: readonly string[] = []) =>
    (await resolveRunConfig(own, values)).geometry.fieldOfView;
  const cvusa = { data: { source: { format: 'cvusa', root: 'x', make: null } } };
  const published = PUBLISHED_GROUND.cvusa.fieldOfView;

  it("is that of the run's own data: what the source says, else its format", async () => {
    for (const preset of PRESETS) {
      assert.deepEqual(await seen({ preset, ...cvusa }), published, preset);
      const told = ['data.source.fieldOfView={ verticalDeg: 90 }'];
      assert.deepEqual(await seen({ preset, ...cvusa }, told), { verticalDeg: 90 });
      const spheres = ['data.source={ format: cvact, root: x, make: null }'];
      assert.equal(await seen({ preset }, spheres), undefined);
    }
    assert.deepEqual(await seen({ data: { source: { format: 'csv', fieldOfView: { verticalDeg: 70 } } } }), {
      verticalDeg: 70,
    });
  });

  it('is what the geometry says, whole, or none', async () => {
    for (const preset of ['paper', 'small']) {
      const own = { preset, ...cvusa };
      assert.deepEqual(await seen(own, ['geometry.fieldOfView={ verticalDeg: 90 }']), { verticalDeg: 90 });
      assert.equal(await seen(own, ['geometry.fieldOfView=null']), undefined);
      const printed = parse(stringify(everyField(await resolveRunConfig(own)))) as Record<string, unknown>;
      assert.deepEqual(await seen(printed), published);
      const without = await resolveRunConfig(own, ['geometry.fieldOfView=null']);
      assert.equal(await seen(parse(stringify(everyField(without))) as Record<string, unknown>), undefined);
    }
  });
});

describe('values over a preset', () => {
  let dir = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-config-'));
  });
  after(() => rm(dir, { recursive: true }));

  it('come from the file, then from the command line, as YAML', async () => {
    const file = join(dir, 'run.yaml');
    await writeFile(file, 'preset: town\nname: mine\nseed: 3\nstage3:\n  triplet: { weight: 0.25 }\n');
    const town = await loadRunConfig('town');
    const config = await loadRunConfig(file, [
      'seed=4',
      'stage3.infoNce.scale=learnable',
      'stage1.contrast.layers=[0, 2]',
      'evaluation.sheets=false',
      'group=a=b',
      'data.encoderOnly=[]',
    ]);
    assert.deepEqual([config.name, config.seed, config.group], ['mine', 4, 'a=b']);
    assert.deepEqual(config.stage3.triplet, { ...town.stage3.triplet, weight: 0.25 });
    assert.deepEqual(config.stage3.infoNce, { ...town.stage3.infoNce, scale: 'learnable' });
    assert.deepEqual([config.stage1.contrast.layers, config.evaluation.sheets], [[0, 2], false]);
    assert.deepEqual(config.data.encoderOnly, []);
    assert.deepEqual(config.data.source, town.data.source);
  });

  it('take a field away where they are null', async () => {
    const { geometry } = await loadRunConfig('town', [
      'geometry.searchMarginPx=null',
      'geometry.searchStepPx=',
    ]);
    assert.deepEqual(Object.keys(geometry), ['tileSizeM', 'inputSizePx', 'bevSizePx', 'cameraHeightM']);
  });

  it('replace steps by epochs and epochs by steps', async () => {
    const town = await loadRunConfig('town', ['stage1.epochs=2']);
    assert.deepEqual([town.stage1.steps, town.stage1.epochs], [undefined, 2]);
    const small = await loadRunConfig('small', ['stage3.steps=7']);
    assert.deepEqual([small.stage3.steps, small.stage3.epochs], [7, undefined]);
  });

  it('are refused where the file or the value is no YAML, or no fields', async () => {
    await refused(loadRunConfig(join(dir, 'missing.yaml')), 'missing.yaml', 'ENOENT');
    for (const [text, told] of [
      ['a: [1', 'broken.yaml'],
      ['- a\n- b\n', 'holds no fields'],
      ['', 'holds no fields'],
      ['preset: huge\n', '"huge", not one of paper, small, town'],
      ['preset: 3\n', 'preset is 3'],
    ] as const) {
      await writeFile(join(dir, 'broken.yaml'), text);
      await refused(loadRunConfig(join(dir, 'broken.yaml')), told);
    }
    await refused(loadRunConfig('small', ['seed']), '"seed" is not "path.to.field=value"');
    await refused(loadRunConfig('small', ['=3']), '"=3"');
    await refused(loadRunConfig('small', ['seed=[1']), '"seed=[1"');
  });
});

describe('photos tolerate errors of their GPS', () => {
  const PHOTOS = 'data.source={ format: photos, root: x, imagery: y, make: null }';
  const tolerance = async (preset: string, ...values: string[]) => {
    const { tileMarginM, stage3 } = await loadRunConfig(preset, values);
    return [tileMarginM, stage3.augment.offsetPx];
  };

  it('by 8 m of margin and offsets over all of it, in every preset', async () => {
    assert.deepEqual(await tolerance('small', PHOTOS), [8, 8]); // 64 m are 64 px
    assert.deepEqual(await tolerance('paper', PHOTOS), [8, 40]); // 50 m are 256 px
    assert.deepEqual(await tolerance('town', PHOTOS), [8, 8]); // 48 m are 48 px
    assert.deepEqual(await tolerance('small', PHOTOS, 'geometry.tileSizeM=48'), [8, 10]);
    const encoder = 'data.encoderOnly=[{ format: photos, root: x, imagery: y }]';
    assert.deepEqual(await tolerance('small', encoder), [8, 8]);
  });

  it('as the configuration says where it says so', async () => {
    assert.deepEqual(await tolerance('small', PHOTOS, 'tileMarginM=3'), [3, 3]);
    assert.deepEqual(await tolerance('small', PHOTOS, 'tileMarginM=0'), [0, 0]);
    assert.deepEqual(await tolerance('small', PHOTOS, 'stage3.augment.offsetPx=0'), [8, 0]);
    const own = {
      preset: 'town',
      tileMarginM: 4,
      stage3: { augment: { offsetPx: 2 } },
      data: { source: { format: 'photos', root: 'x', imagery: 'y', make: null } },
    };
    const config = await resolveRunConfig(own);
    assert.deepEqual([config.tileMarginM, config.stage3.augment.offsetPx], [4, 2]);
    const printed = parse(stringify(await loadRunConfig('small', [PHOTOS]))) as Record<string, unknown>;
    assert.deepEqual(await resolveRunConfig(printed), printed);
  });

  it('and other data are left as their presets are', async () => {
    assert.deepEqual(await tolerance('small'), [0, 0]);
    assert.deepEqual(await tolerance('town'), [4, 2]);
    assert.deepEqual(await tolerance('ablation'), [4, 2]);
  });
});
