// What tests ask of every format: the ids that were read, and what becomes of entries that cannot be used.
import assert from 'node:assert/strict';
import { SkyfixError } from 'skyfix/errors';
import { type CrossViewDataset, type OpenOptions, openDataset } from '../../datasets/index.js';

/** Asserts that the data set is refused with DATASET_INVALID and a detail that says all of this. */
export async function refused(
  options: OpenOptions,
  ...messages: readonly (string | RegExp)[]
): Promise<void> {
  await assert.rejects(openDataset(options), (error) => {
    assert.ok(error instanceof SkyfixError, String(error));
    assert.equal(error.code, 'DATASET_INVALID');
    for (const message of messages) {
      const found: boolean =
        typeof message === 'string' ? error.detail.includes(message) : message.test(error.detail);
      assert.ok(found, `"${error.detail}" does not say ${message}`);
    }
    return true;
  });
}

/** Asserts that the entry is an error that names `where`, and that it can be dropped; returns what is left. */
export async function refusedOrDropped(
  options: OpenOptions,
  reason: string,
  where: string,
): Promise<CrossViewDataset> {
  await refused(options, reason, where);
  const dataset = await openDataset({ ...options, dropInvalid: true });
  assert.deepEqual(
    dataset.dropped.map((problem) => problem.reason),
    [reason],
  );
  assert.ok(dataset.dropped[0]?.where.includes(where) || dataset.dropped[0]?.detail.includes(where));
  return dataset;
}

export const idsOf = (dataset: CrossViewDataset) => dataset.pairs.map(({ id }) => id);
export const galleryOf = (dataset: CrossViewDataset) => dataset.gallery.map(({ id }) => id);
