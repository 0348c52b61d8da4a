// Lists of located panoramas: what people write, and what is wrong with it in words.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readLocatedPanoramas } from '../../src/locate/index.js';

describe('lists of located panoramas', () => {
  let dir: string;
  let list: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-list-'));
    list = join(dir, 'list.csv');
  });
  after(() => rm(dir, { recursive: true }));

  test('columns may come in any order; files lie beside the list; headings are left to the files unless asked for', async () => {
    await writeFile(list, 'lat,split,file,headingDeg,lon\n48.5,test,a/1.jpg,90,10.25\n48,train,2.jpg,,11\n');
    const file = join(dir, 'a/1.jpg');
    assert.deepEqual(await readLocatedPanoramas(list), [
      { file, lon: 10.25, lat: 48.5 },
      { file: join(dir, '2.jpg'), lon: 11, lat: 48 },
    ]);
    assert.deepEqual(await readLocatedPanoramas(list, { split: 'test', headings: true }), [
      { file, lon: 10.25, lat: 48.5, headingDeg: 90 },
    ]);
  });

  test('what is wrong is told by line and column', async () => {
    const refused = async (text: string, words: RegExp, options = {}) => {
      await writeFile(list, text);
      await assert.rejects(readLocatedPanoramas(list, options), {
        code: 'PANORAMA_LIST_INVALID',
        message: words,
      });
    };
    await refused('file,lon\na.jpg,1\n', /no column lat; it has file, lon/);
    await refused('file,lon,lat\na.jpg,1,\n', /line 2: lat is ""; it must be from -90 to 90/);
    await refused('file,lon,lat\na.jpg,181,1\n', /line 2: lon is "181"/);
    await refused('file,lon,lat\n,1,1\n', /line 2: file is empty/);
    await refused('file,lon,lat\n', /lists no panorama/);
    await refused('file,lon,lat,split\na,1,1,train\n', /no row has the split "test"/, { split: 'test' });
    await refused('file,lon,lat\n"a,1,1\n', /cannot be read \(line 2: a quote is never closed\)/);
    await assert.rejects(readLocatedPanoramas(join(dir, 'none.csv')), { code: 'PANORAMA_LIST_INVALID' });
  });
});
