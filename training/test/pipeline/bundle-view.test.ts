// The field of view that a bundle carries when the rows of its data say it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CrossViewPair } from '../../datasets/index.js';
import { carriedView, withCarriedView } from '../../pipeline/bundle-view.js';

const geometry = { tileSizeM: 60, inputSizePx: 64, bevSizePx: 128, cameraHeightM: 2.5 };
const data = (...rows: readonly Partial<CrossViewPair>[]) => ({
  pairs: rows as readonly CrossViewPair[],
  unpairedPanoramas: [],
});
const strip = { verticalFovDeg: 65.4545, horizonShare: 0.585 };

describe('the field of view of a bundle', () => {
  it('is what the rows agree on, spheres beside them or not', () => {
    const carried = carriedView({ geometry }, data(strip, {}, strip, { verticalFovDeg: 180 }));
    assert.deepEqual(carried.fieldOfView, { verticalDeg: 65.4545, horizonShare: 0.585 });
    assert.match(carried.note ?? '', /65\.4545 degrees high, horizon at 0\.585/);
    assert.deepEqual(withCarriedView({ geometry, seed: 1 }, carried), {
      geometry: { ...geometry, fieldOfView: carried.fieldOfView },
      seed: 1,
    });
    assert.deepEqual(carriedView({ geometry }, data({ verticalFovDeg: 90 })).fieldOfView, {
      verticalDeg: 90,
    });
  });

  it('is none where they do not, or say nothing', () => {
    const { fieldOfView, note } = carriedView({ geometry }, data(strip, { verticalFovDeg: 90 }));
    assert.equal(fieldOfView, undefined);
    assert.match(note ?? '', /2 fields of view.*geometry\.fieldOfView/);
    assert.deepEqual(carriedView({ geometry }, data({}, {})), {});
    const config = { geometry };
    assert.equal(withCarriedView(config, {}), config);
  });

  it("is the configuration's where it says one", () => {
    const said = { geometry: { ...geometry, fieldOfView: { verticalDeg: 80 } } };
    assert.deepEqual(carriedView(said, data(strip)), {});
  });
});
