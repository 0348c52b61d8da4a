// Progress as a terminal shows it, and as a log keeps it.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { openStageProgress } from '../../cli/index.js';

/** What was written, and a stream that takes it for a terminal or not. */
function recorder(isTTY: boolean) {
  const written: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      written.push(String(chunk));
      done();
    },
  });
  return { stream: Object.assign(stream, { isTTY, columns: 100 }) as unknown as NodeJS.WriteStream, written };
}

test('a bar counts, and ends with its count and no estimate', () => {
  const { stream, written } = recorder(true);
  let seconds = 0;
  const progress = openStageProgress({ stream, now: () => 1000 * seconds });
  for (let done = 1; done <= 4; done++) {
    progress.update('panoramas', done, 4);
    seconds += 30;
  }
  progress.stop();
  const text = written.join('');
  assert.match(text, /25% 1\/4/);
  assert.match(text, /100% 4\/4 +[^\w]/);
  assert.doesNotMatch(text, /NULL|LLs|INF|NaN/);
});

test('a log gets lines, the first, some and the last', () => {
  const { stream, written } = recorder(false);
  let now = 0;
  const progress = openStageProgress({ stream, now: () => now, lineEveryMs: 5000 });
  for (let done = 1; done <= 10; done++) {
    progress.update('tiles', done, 10, done === 10 ? 'loss 0.5' : undefined);
    now += 1000;
  }
  progress.stop();
  assert.deepEqual(written.join('').split('\n'), [
    'tiles: 1/10',
    'tiles: 6/10  4 s left',
    'tiles: 10/10  loss 0.5',
    '',
  ]);
});
