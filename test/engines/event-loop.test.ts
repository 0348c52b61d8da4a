import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchEventLoop } from '../support/event-loop.js';

test('the watch of the event loop sees one that stands still', () => {
  const longestStall = watchEventLoop();
  const started = performance.now();
  while (performance.now() - started < 80);
  assert.ok(longestStall() >= 80);
});
