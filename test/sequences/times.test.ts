// Moments: given or in files; the calendar is that of Date, which takes what is in none for another day.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetLonLat } from '../../src/geometry/index.js';
import { type Frame, momentOf, secondsBetween, trackOf } from '../../src/sequences/index.js';

test('a moment with an offset is that of the world, one without is of its own clock', () => {
  assert.deepEqual(momentOf('1970-01-01T00:00:01.5Z'), { seconds: 1.5, zoned: true });
  assert.deepEqual(momentOf('1970-01-01t02:00:00+02:00'), { seconds: 0, zoned: true });
  assert.deepEqual(momentOf('1970-01-01 00:01'), { seconds: 60, zoned: false });
  for (const text of ['', 'noon', '1970-01-01', '2026-02-30T10:00', '2026-13-01T10:00', '2026-01-01T25:00'])
    assert.equal(momentOf(text), undefined, text);
});

test('seconds lie between two moments of one clock, the later one second', () => {
  const [a, b] = [momentOf('2026-05-01T10:00:00'), momentOf('2026-05-01T10:00:02.25')];
  assert.equal(secondsBetween(a, b), 2.25);
  assert.equal(secondsBetween(b, a), undefined);
  assert.equal(secondsBetween(a, momentOf('2026-05-01T10:00:02Z')), undefined);
  assert.equal(secondsBetween(undefined, b), undefined);
});

test('times bound a step as seconds do, past a panorama that failed too; seconds go before them', () => {
  const origin = { lon: 10, lat: 48 };
  const at = (eastM: number, score: number) => ({ ...offsetLonLat(origin, eastM, 0), score });
  // Alone the last one's best place is a kilometre away.
  const frames = (known: readonly Partial<Frame>[]): Frame[] => [
    { candidates: [at(0, 0.8)], ...known[0] },
    { candidates: [], ...known[1] },
    { candidates: [at(1000, 0.8), at(20, 0.76)], ...known[2] },
  ];
  const placeOf = (known: readonly Partial<Frame>[]) => trackOf(frames(known)).points[2]?.candidate;
  const moments = (...texts: readonly (string | undefined)[]) =>
    texts.map((text) => ({ moment: text === undefined ? undefined : momentOf(text) }));
  assert.equal(placeOf(moments('2026-05-01T10:00:00', undefined, '2026-05-01T10:00:02')), 1);
  const late = moments('2026-05-01T10:00:00', undefined, '2026-05-01T10:02:00');
  assert.equal(placeOf(late), 0);
  assert.equal(placeOf([late[0] ?? {}, { seconds: 1 }, { ...late[2], seconds: 1 }]), 1);
});
