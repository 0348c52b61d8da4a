// What a sector leaves of a window's cells: areas that are known, and the same from a sector's ground cut out of an image.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sectorShares } from '../../../stages/head/sectors.js';

const sum = (shares: Float32Array) => shares.reduce((all, share) => all + share, 0);
const near = (actual: number | undefined, expected: number, within = 0.02) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < within, `${actual} is not ${expected}`);

describe('a sector of a window', () => {
  it('is a half or a quarter of its area, on the side where it looks', () => {
    const east = sectorShares(7, { fromDeg: 0, widthDeg: 180 });
    near(sum(east), 49 / 2, 0.1);
    for (let row = 0; row < 7; row++) {
      assert.equal(east[row * 7], 0);
      near(east[row * 7 + 3], 0.5);
      assert.equal(east[row * 7 + 6], 1);
    }
    const north = sectorShares(7, { fromDeg: 315, widthDeg: 90 });
    near(sum(north), 49 / 4, 0.3);
    assert.equal(north[3], 1);
    assert.equal(north[45], 0);
    near(north[0], 0.5, 0.1); // the diagonal
    assert.deepEqual(sectorShares(3, { fromDeg: 12, widthDeg: 360 }), new Float32Array(9).fill(1));
  });
  it('turns clockwise with its view', () => {
    const beside = { eastCells: 0, southCells: 0 };
    const turned = sectorShares(7, { fromDeg: 10, widthDeg: 90 }, { turnDeg: 65, ...beside });
    const straight = sectorShares(7, { fromDeg: 75, widthDeg: 90 });
    for (const [cell, share] of turned.entries()) near(share, straight[cell] ?? 0, 0.05);
  });
  it('starts at the camera, wherever the window lies', () => {
    // The window's middle is 2 cells south of the camera and turned by a quarter: the ground of the north lies in its east.
    const shares = sectorShares(
      5,
      { fromDeg: 270, widthDeg: 180 },
      { turnDeg: 90, eastCells: 0, southCells: 2 },
    );
    // North of the camera: in the window what is more than 2 cells east of its middle.
    for (const [cell, share] of shares.entries()) near(share, cell % 5 === 4 ? 0.5 : 0);
  });
});
