// Threads that make images or render panoramas and die: the work fails by a name, and nothing unfinished looks finished.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import sharp from 'sharp';
import { cachedImageStore, type ListedJob } from '../../images/cached-store.js';
import { readImages } from '../../stores/image-store.js';
import { renderPlaces } from '../../town/street/render-places.js';
import { crashThreads } from '../support/crash-threads.js';

const COUNT = 40;
const SIZE_PX = 8;
const root = await mkdtemp(join(tmpdir(), 'skyfix-death-'));
after(() => rm(root, { recursive: true, force: true }));

/** PNG files of one colour each. */
async function colourJobs(): Promise<ListedJob[]> {
  const dir = join(root, 'images');
  await mkdir(dir, { recursive: true });
  const jobs = Array.from({ length: COUNT }, async (_, k): Promise<ListedJob> => {
    const path = join(dir, `${k}.png`);
    const background = { r: k, g: 2 * k, b: 255 - k };
    await sharp({ create: { width: SIZE_PX, height: SIZE_PX, channels: 3, background } })
      .png()
      .toFile(path);
    return { job: { kind: 'file', path }, listedAt: `list:${k}` };
  });
  return Promise.all(jobs);
}

describe('a thread that dies', () => {
  for (const [who, only] of [
    ['every thread', undefined],
    ['one of two threads', 1],
  ] as const) {
    it(`while images are made (${who}) leaves no store that looks whole; the next run completes it`, async () => {
      const jobs = await colourJobs();
      const cacheDir = join(root, `cache-${only}`);
      const options = { cacheDir, root: 'the list', threads: 2 };
      const crashes = crashThreads(only);
      await assert.rejects(cachedImageStore(jobs, SIZE_PX, options), {
        code: 'INTERNAL',
        message: /A thread that makes images died .*; what was made is kept/,
      });
      crashes.stop();
      assert.equal(crashes.count, 2);
      assert.deepEqual(
        (await readdir(cacheDir)).filter((name) => !name.endsWith('.part')),
        [],
      );
      const { count, data } = readImages(await cachedImageStore(jobs, SIZE_PX, options));
      assert.equal(count, COUNT);
      for (let k = 0; k < COUNT; k++) {
        const at = k * SIZE_PX * SIZE_PX * 3;
        assert.deepEqual([...data.subarray(at, at + 3)], [k, 2 * k, 255 - k]);
      }
    });
  }

  it('while panoramas are rendered ends the rendering by its name', async () => {
    const crashes = crashThreads();
    const setup = { lit: {}, widthPx: 8 } as unknown as Parameters<typeof renderPlaces>[0];
    const jobs = [{}, {}, {}] as unknown as Parameters<typeof renderPlaces>[1];
    await assert.rejects(
      renderPlaces(setup, jobs, 2, () => {}),
      /Rendering a panorama failed: The thread of the renderer of panoramas died/,
    );
    crashes.stop();
  });

  it('is told apart from a job that fails', async () => {
    const setup = { lit: {}, widthPx: 8 } as unknown as Parameters<typeof renderPlaces>[0];
    const jobs = [{}] as unknown as Parameters<typeof renderPlaces>[1];
    await assert.rejects(
      renderPlaces(setup, jobs, 2, () => {}),
      (error: Error) => /Rendering a panorama failed/.test(error.message) && !/died/.test(error.message),
    );
  });
});
