// The first files of `npm run fuzz:files`: broken images of every kind against the real server with a small heap.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzFiles } from './files/fuzz-files.js';

test('300 broken files: no crash, no server error, health checks answered, memory bounded', async () => {
  const { sent, answers, failures, ended, health, residentMb } = await fuzzFiles({
    count: 300,
    seed: 7,
    heapMb: 256,
  });
  assert.equal(ended, undefined);
  assert.equal(sent, 300);
  assert.deepEqual(
    failures.map(({ number, file, answer }) => `${number} ${file.format} ${file.kind}: ${answer}`),
    [],
  );
  assert.equal(health.failed, 0);
  assert.ok(health.longest < 2_000, `a health check took ${health.longest} ms`);
  assert.ok(Math.max(...residentMb) < 1_000, `${Math.max(...residentMb)} MB`);
  const codes = new Set([...answers.values()].flatMap((counts) => [...counts.keys()]));
  for (const answer of ['200', '422 IMAGE_UNDECODABLE', '413 IMAGE_TOO_LARGE_PIXELS'])
    assert.ok(codes.has(answer), answer);
});
