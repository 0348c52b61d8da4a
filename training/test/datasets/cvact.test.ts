// CVACT in its published layout, and every way in which an entry is wrong.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { distanceM } from 'skyfix/geometry';
import { openDataset } from '../../datasets/index.js';
import { galleryOf, idsOf, refused, refusedOrDropped } from '../support/dataset-checks.js';
import { CVACT_IDS, CVACT_PLACES, putImage, writeCvact } from '../support/dataset-fixtures.js';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'skyfix-datasets-'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

describe('CVACT', () => {
  const cvact = () => ({ format: 'cvact', root }) as const;

  it('has the rows of trainInd and valInd, the test folder, and places out of UTM in either order', async () => {
    await writeCvact(root);
    const dataset = await openDataset(cvact());
    assert.deepEqual(
      dataset.pairs.map(({ id, split }) => [id, split]),
      [
        ['aaaa', 'train'],
        ['cccc', 'train'],
        ['bbbb', 'validation'],
        ['eeee', 'test'],
      ],
    );
    for (const { id, location } of dataset.pairs) {
      const truth = CVACT_PLACES[CVACT_IDS.indexOf(id)];
      assert.ok(location && truth && distanceM(location, truth) < 0.01, id);
    }
    assert.equal(dataset.pairs[2]?.path, join(root, 'ANU_data_small/streetview/bbbb_grdView.jpg'));
    assert.match(dataset.pairs[1]?.listedAt ?? '', /ACT_data\.mat trainSet\.trainInd row 2$/);
    const swapped = [...CVACT_IDS].map((_, k) => [6_090_000 + k, 690_000 + k]);
    await writeCvact(root, {
      utm: { numbers: swapped },
      panoIds: { cells: CVACT_IDS.map((id) => ({ chars: [id] })) },
    });
    const again = await openDataset({ ...cvact(), splits: ['train', 'validation'] });
    assert.deepEqual(idsOf(again), ['aaaa', 'cccc', 'bbbb']);
    const place = again.pairs[0]?.location;
    assert.ok(place && Math.abs(place.lat + 35.3) < 0.2 && Math.abs(place.lon - 149.1) < 0.2);
  });

  it('drops and counts pairs whose files were never published, without being asked', async () => {
    await writeCvact(root);
    await rm(join(root, 'ANU_data_small/satview_polish/cccc_satView_polish.jpg'));
    await putImage(join(root, 'ANU_data_test/streetview/ffff_grdView.jpg'), 8, 4);
    const dataset = await openDataset(cvact());
    assert.deepEqual(idsOf(dataset), ['aaaa', 'bbbb', 'eeee']);
    assert.deepEqual(galleryOf(dataset), idsOf(dataset));
    assert.deepEqual(
      dataset.dropped.map(({ reason }) => reason),
      ['missing-file', 'missing-file'],
    );
    await rm(join(root, 'ANU_data_small'), { recursive: true });
    await refused({ ...cvact(), splits: ['train'] }, 'missing-file 2');
  });

  it('reports row numbers out of range, ids named twice, and undecodable images', async () => {
    await writeCvact(root, { valSet: { fields: { valInd: { numbers: [[2], [6]] } } } });
    await refusedOrDropped(cvact(), 'wrong-count', 'valSet.valInd row 2');
    await writeCvact(root, { valSet: { fields: { valInd: { numbers: [[2], [1]] } } } });
    await refusedOrDropped(cvact(), 'duplicate-id', 'valSet.valInd row 2');
    await writeCvact(root);
    await writeFile(join(root, 'ANU_data_test/streetview/eeee_grdView.jpg'), 'nothing');
    await refusedOrDropped({ ...cvact(), checkImages: true }, 'unreadable-image', 'eeee_grdView.jpg');
  });

  it('refuses an index whose variables are missing or do not fit together', async () => {
    await refused(cvact(), 'ACT_data.mat');
    await writeCvact(root, { utm: { numbers: [[690_000, 6_090_000]] } });
    await refused(cvact(), '"utm" is 1 x 2', '5 rows');
    await writeCvact(root, { utm: { numbers: CVACT_IDS.map(() => [149, -35]) } });
    await refused(cvact(), '"utm" row 1 is 149, -35');
    await writeCvact(root, { panoIds: { numbers: [[1]] } });
    await refused(cvact(), '"panoIds" is a numeric array');
    await writeCvact(root, { trainSet: { chars: ['none'] } });
    await refused(cvact(), '"trainSet.trainInd" is missing');
    await writeCvact(root);
    await rm(join(root, 'ANU_data_test'), { recursive: true });
    await refused(cvact(), 'ANU_data_test');
    await writeFile(join(root, 'ACT_data.mat'), 'text');
    await refused(cvact(), 'ACT_data.mat is not a usable MAT-file');
  });
});
