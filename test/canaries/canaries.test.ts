// Canaries: what a round tells, and that they wait for clients.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Canaries, type CanaryOptions, readCanaries } from '../../src/canaries/index.js';
import { offsetLonLat } from '../../src/geometry/index.js';
import type { LocateAnswer } from '../../src/locate/index.js';
import { answerOf, FakeRegions } from '../support/fake-regions.js';

const HOME = { lon: 10, lat: 50 };

describe('canaries', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'skyfix-canaries-'));
    for (const name of ['0', '1', '2', '3']) await writeFile(join(dir, name), name);
    await writeFile(join(dir, 'list.csv'), 'file,lon,lat\n0,10,50\n1,10,50\n2,10,50\n3,10,50\n');
  });
  after(() => rm(dir, { recursive: true }));

  /** Answers the k-th file so many metres east of the truth; undefined: it fails. */
  const options = async (errorsM: readonly (number | undefined)[], more: Partial<CanaryOptions> = {}) => ({
    panoramas: await readCanaries(dir),
    regions: new FakeRegions(),
    locate: async (_region: unknown, image: Uint8Array): Promise<LocateAnswer> => {
      const errorM = errorsM[Number(Buffer.from(image).toString())];
      if (errorM === undefined) throw new Error('no');
      const answer = answerOf('demo');
      return {
        ...answer,
        results: answer.results.map((result) => ({ ...result, ...offsetLonLat(HOME, errorM, 0) })),
      };
    },
    everyMs: 1000,
    idle: () => true,
    now: () => 5_000,
    ...more,
  });

  test('a round tells the share within 25 m of all of them, and the median error of those answered', async () => {
    const failed: string[] = [];
    const canaries = new Canaries(
      await options([2, 24, 400, undefined], { onFailed: (file) => failed.push(file) }),
    );
    const report = () => canaries.report;
    assert.equal(report(), undefined);
    await canaries.round();
    assert.deepEqual(
      { ...report(), medianErrorM: 0 },
      { answered: 3, failed: 1, recall: 0.5, medianErrorM: 0, endedAt: 5 },
    );
    assert.ok(Math.abs((report()?.medianErrorM ?? 0) - 24) < 0.01);
    assert.deepEqual(failed, [join(dir, '3')]);
  });

  test('none is asked while clients are being answered, and a stop does not wait for them', async () => {
    let asked = 0;
    const given = await options([1, 1, 1, 1], { idle: () => false });
    const canaries = new Canaries({
      ...given,
      locate: async () => {
        asked++;
        return answerOf('demo');
      },
    });
    canaries.start();
    await new Promise((resolve) => setImmediate(resolve));
    await canaries.close();
    assert.equal(asked, 0);
    assert.equal(canaries.report, undefined);
  });

  test('rounds follow each other until they are stopped', async () => {
    let rounds = 0;
    let resolve = () => {};
    const twice = new Promise<void>((done) => {
      resolve = done;
    });
    const given = await options([1, 1, 1, 1], { everyMs: 1, now: Date.now });
    const canaries = new Canaries({
      ...given,
      locate: async (...question) => {
        if (++rounds === 8) resolve();
        return given.locate(...question);
      },
    });
    canaries.start();
    await twice;
    await canaries.close();
    assert.equal(canaries.report?.recall, 1);
  });

  test('a folder that is none, or has no list or two, is told', async () => {
    await assert.rejects(readCanaries(join(dir, 'none')), {
      code: 'CONFIG_INVALID',
      message: /cannot be read/,
    });
    await writeFile(join(dir, 'b.csv'), 'file,lon,lat\n');
    await assert.rejects(readCanaries(dir), {
      code: 'CONFIG_INVALID',
      message: /one list \(\.csv\); it holds .*b\.csv/,
    });
    await rm(join(dir, 'b.csv'));
  });
});
