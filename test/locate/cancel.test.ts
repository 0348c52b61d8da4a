// Who has gone is worked for no longer than the step under way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SkyfixError } from '../../src/errors/index.js';
import { locate, type StepOutcome } from '../../src/locate/index.js';
import { RegionService } from '../../src/regions/index.js';
import { noisePanorama, pngOf, publishTinyVersion, withTemporaryFolder } from '../support/tiny-region.js';

test('after its signal no further step begins; a step that fails is told too', async () => {
  await withTemporaryFolder(async (dir) => {
    await publishTinyVersion(dir, 'tiny');
    const service = await RegionService.open(dir, { threads: 1 });
    const lease = service.acquire('tiny');
    const image = await pngOf(noisePanorama(1));
    const reason = new SkyfixError('REQUEST_ABORTED', 'The client has gone.');
    const leaver = new AbortController();
    const steps: StepOutcome[] = [];
    const options = { top: 1, distinct: true, signal: leaver.signal };
    const leaving = locate(lease.region, image, {
      ...options,
      onStep: (step) => {
        steps.push(step);
        if (step.step === 'bev') leaver.abort(reason);
      },
    });
    await assert.rejects(leaving, (error) => error === reason);
    assert.deepEqual(
      steps.map(({ step, ok }) => [step, ok]),
      [
        ['decode', true],
        ['bev', true],
      ],
    );
    const failed: StepOutcome[] = [];
    const broken = locate(lease.region, image.subarray(0, 40), {
      top: 1,
      distinct: true,
      onStep: (step) => failed.push(step),
    });
    await assert.rejects(broken, (error) => error instanceof SkyfixError && /^IMAGE_/.test(error.code));
    assert.deepEqual(
      failed.map(({ step, ok }) => [step, ok]),
      [['decode', false]],
    );
    lease.release();
    await service.close();
  });
});
