// Which headings the turned copies of a view have.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { falseTurn, nearTurn } from '../../pipeline/turned-copies.js';

const ROWS = 300;
const rows = Array.from({ length: ROWS }, (_, row) => row);
const away = (turnDeg: number) => Math.min(Math.abs(turnDeg), 360 - Math.abs(turnDeg));

describe('the headings of turned copies', () => {
  for (const copies of [1, 2, 4, 6, 24]) {
    it(`are false, the first third of ${copies} within 45 degrees, the others all around`, () => {
      const about = Math.ceil(copies / 3);
      for (let copy = 0; copy < copies; copy++) {
        const turns = rows.map((row) => falseTurn(1, row, copy, copies).turnDeg);
        if (copy < about) {
          assert.ok(turns.every((deg) => away(deg) >= 15 && away(deg) <= 45));
          assert.ok(turns.some((deg) => deg < 0) && turns.some((deg) => deg > 0));
        } else assert.ok(turns.every((deg) => away(deg) >= 45));
      }
      const beyond = rows.flatMap((row) =>
        Array.from({ length: copies - about }, (_, k) => falseTurn(1, row, about + k, copies).turnDeg),
      );
      // Every eighth of what is left of the circle.
      const eighths = new Set(beyond.map((deg) => Math.floor((deg - 45) / (270 / 8))));
      assert.equal(eighths.size, copies > about ? 8 : 0);
    });
  }
  it('are the same again, and others of another seed', () => {
    assert.deepEqual(falseTurn(3, 8, 1, 6), falseTurn(3, 8, 1, 6));
    assert.notDeepEqual(falseTurn(3, 8, 1, 6), falseTurn(4, 8, 1, 6));
  });
  it('are nearly the true one of the copy that lies nearly as its ground, within its margin', () => {
    for (const mostPx of [16, 0]) {
      for (const row of rows) {
        const { turnDeg, eastPx, southPx } = nearTurn(1, row, mostPx);
        assert.ok(Math.abs(turnDeg) <= 8 && Math.max(Math.abs(eastPx), Math.abs(southPx)) <= mostPx);
        assert.ok(Number.isInteger(eastPx) && Number.isInteger(southPx));
      }
    }
  });
});
