// What is wrong with a run's configuration is named, field by field.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadRunConfig, resolveRunConfig } from '../../config/index.js';
import { leavesOf, objectsOf, override, refused } from './fields.js';

describe('what is wrong is named', () => {
  it('an unknown field, in every object', async () => {
    for (const at of objectsOf(await loadRunConfig('town'))) {
      await refused(loadRunConfig('town', [override(`${at}/wheels`, '4')]), `${at}/wheels is not known`);
    }
  });

  it('a value of another type, in every field', async () => {
    for (const at of leavesOf(await loadRunConfig('town'))) {
      await refused(loadRunConfig('town', [override(at, '{ a: 1 }')]), `${at} `, '{"a":1}');
    }
  });

  it('a field that is missing, wherever it may not be', async () => {
    const optional = [
      '/group',
      '/bundle/name',
      '/evaluation/areas',
      '/data/further',
      '/bundle/half',
      '/data/source/make/panoramaWidthPx',
      '/geometry/searchMarginPx',
      '/publish/area',
      '/geometry/searchStepPx',
      '/networks/generator/learnResidual',
      '/shiftM',
      '/stage1/steps',
      '/stage3/steps',
    ];
    for (const at of leavesOf(await loadRunConfig('town'))) {
      if (optional.includes(at)) continue;
      const [name = ''] = at.split('/').slice(-1);
      const parent = at.slice(0, -name.length - 1);
      await refused(loadRunConfig('town', [override(at, 'null')]), `${parent} must have`, name);
    }
  });

  it('a value outside of its range, with the value, and with the choices where there are some', async () => {
    for (const [value, ...told] of [
      ['seed=-1', '/seed', '-1'],
      ['labels.fraction=0', '/labels/fraction', '0'],
      ['labels.fraction=1.5', '/labels/fraction', '1.5'],
      ['stage3.batch=1', '/stage3/batch', 'is 1'],
      ['stage1.steps=2.5', '/stage1/steps', '2.5'],
      ['geometry.inputSizePx=66', '/geometry/inputSizePx', '66'],
      ['runtime.device=tpu', '/runtime/device', '"tpu"', '"cpu"', '"cuda"'],
      ['networks.encoder.size=huge', '/networks/encoder/size', '"huge"', '"femto"'],
      ['selfTraining.strategy=best', '/selfTraining/strategy', '"best"', '"dynamic"', '"ucvgl"'],
      ['name=../x', '/name', '"../x"'],
      ['stage3.infoNce.scale=much', '/stage3/infoNce/scale', '"much"'],
    ] as const) {
      await refused(loadRunConfig('town', [value]), ...told);
    }
  });

  it('all that is wrong at once', async () => {
    await refused(
      loadRunConfig('town', ['seed=x', 'stage1.batch=0']),
      '/seed',
      '"x"',
      '/stage1/batch',
      'is 0',
    );
  });

  it('fields that do not go together', async () => {
    const both = { preset: 'town', stage1: { steps: 3, epochs: 2 } };
    await refused(resolveRunConfig(both), '/stage1 needs either steps or epochs', 'both');
    await refused(
      loadRunConfig('town', ['stage3.steps=null']),
      '/stage3 needs either steps or epochs',
      'none',
    );
    const { searchMarginPx } = (await loadRunConfig('town')).geometry;
    const margin = `/geometry/searchMarginPx is ${searchMarginPx}`;
    await refused(loadRunConfig('town', ['queries=panorama']), margin, 'panorama');
    await refused(loadRunConfig('town', ['stage1.input=panorama']), margin);
    const flat = ['geometry.searchMarginPx=null', 'geometry.searchStepPx=null'];
    await refused(loadRunConfig('town', [...flat, 'queries=bev', 'stage1.input=panorama']), '/stage1/input');
    await refused(
      loadRunConfig('town', ['selfTraining.strategy=dynamic']),
      '/selfTraining/strategy is "dynamic"',
      '/labels/fraction is 1',
    );
    await refused(loadRunConfig('town', [...flat, 'stage1.input=panorama']), 'learnResidual', 'a BEV only');
    const published = { preset: 'town', networks: { generator: { learnResidual: null } } };
    for (const field of ['queries', 'stage1.input']) {
      const values = [...flat, `${field}=panorama`];
      const at = `/publish is given, but /${field.replace('.', '/')} is "panorama"`;
      await refused(resolveRunConfig(published, values), at);
      await resolveRunConfig(published, [...values, 'publish=null']);
    }
    await refused(loadRunConfig('town', ['shiftM=7']), '/shiftM is 7', '7 input pixels', 'multiple of 2');
    const areas = '[{ name: a, splits: [test] }, { name: a, splits: [train] }]';
    await refused(loadRunConfig('town', [`evaluation.areas=${areas}`]), '/evaluation/areas', '"a"');
    await refused(loadRunConfig('town', ['geometry.bevSizePx=100']), 'bevSizePx', '100');
    const nothing = ['stage3.infoNce.weight=0', 'stage3.triplet.weight=0'];
    await refused(loadRunConfig('town', nothing), '/stage3/triplet/weight', 'nothing to learn from');
  });

  it('a field of view beyond the sphere, in the geometry and in every data set', async () => {
    const far = '{ verticalDeg: 120, horizonShare: 0.1 }';
    const told = 'horizonShare is 0.1, but with verticalDeg 120 its rows reach from -108 to 12 degrees';
    await refused(loadRunConfig('small', [`geometry.fieldOfView=${far}`]), `/geometry/fieldOfView/${told}`);
    for (const [value, at] of [
      [`data.source.fieldOfView=${far}`, '/data/source'],
      [`data.encoderOnly=[{ format: csv, root: x, fieldOfView: ${far} }]`, '/data/encoderOnly/0'],
      [
        `evaluation.areas=[{ name: a, splits: [test], source: { format: csv, root: x, fieldOfView: ${far} } }]`,
        '/evaluation/areas/0/source',
      ],
    ] as const) {
      await refused(loadRunConfig('small', [value]), `${at}/fieldOfView/${told}`);
    }
    const wide = 'data.source.fieldOfView={ horizontalDeg: 400, verticalDeg: 65 }';
    await refused(loadRunConfig('small', [wide]), '/data/source/fieldOfView/horizontalDeg', '400');
    const fov = '{ horizontalDeg: 120, verticalDeg: 65, horizonShare: 0.4 }';
    const both = await loadRunConfig('small', [
      `data.source.fieldOfView=${fov}`,
      `geometry.fieldOfView=${fov}`,
    ]);
    assert.deepEqual(both.data.source.fieldOfView, {
      horizontalDeg: 120,
      verticalDeg: 65,
      horizonShare: 0.4,
    });
    assert.deepEqual(both.geometry.fieldOfView, both.data.source.fieldOfView);
  });

  it('the ground of tile files where there are none', async () => {
    for (const format of ['town', 'photos']) {
      const values = [`data.source={ format: ${format}, root: x, make: null, tileFileM: 60 }`];
      await refused(loadRunConfig('small', values), '/data/source/tileFileM is 60', `"${format}"`);
    }
    const { data } = await loadRunConfig('paper', ['data.source.tileFileM=170']);
    assert.equal(data.source.tileFileM, 170);
    await refused(loadRunConfig('paper', ['data.source.tileFileM=0']), '/data/source/tileFileM');
  });

  it('a town that would be made in the folder of other data', async () => {
    await refused(loadRunConfig('town', ['data.source.format=cvusa']), '/data/source/make', '"cvusa"');
    const other =
      '[{ name: a, splits: [test], source: { format: csv, root: x, make: { seed: 1, places: 9 } } }]';
    await refused(
      loadRunConfig('small', [`evaluation.areas=${other}`]),
      '/evaluation/areas/0/source/make',
      '"csv"',
    );
  });

  it('what goes together is let through', async () => {
    const flat = ['geometry.searchMarginPx=null', 'geometry.searchStepPx=null'];
    const panoramas = [...flat, 'publish=null'];
    await loadRunConfig('town', [...panoramas, 'queries=panorama']);
    const plain = 'networks.generator.learnResidual=null';
    await loadRunConfig('town', [...panoramas, 'stage1.input=panorama', plain]);
    await loadRunConfig('town', ['labels.fraction=0.1', 'selfTraining.strategy=dynamic']);
    // Own photos: those without GPS are the unlabelled part.
    const photos = ['data.source={ format: photos, root: x, imagery: y, make: null }'];
    const config = await loadRunConfig('town', [...photos, 'selfTraining.strategy=dynamic']);
    assert.deepEqual(config.data.source, { format: 'photos', root: 'x', imagery: 'y' });
    // So may a CSV hold panoramas and tiles without a partner, also one for the encoder alone.
    await loadRunConfig('small', ['selfTraining.strategy=dynamic']);
    const csv = 'data.encoderOnly=[{ format: csv, root: x }]';
    await loadRunConfig('town', [csv, 'selfTraining.strategy=dynamic']);
    await loadRunConfig('town', ['stage1.historyPool=0']);
    const folder =
      'data.source={ format: photos, root: x, imagery: y, zoom: 18, tms: true, proj4: +proj=longlat, ';
    await loadRunConfig('small', [`${folder} splitSeed: 3, unlabelledStrideM: 40 }`]);
    await loadRunConfig('town', ['publish.zoom=18', 'publish.tms=true']);
  });
});
