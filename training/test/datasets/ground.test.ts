// The ground of the published data sets.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  cvusaTileM,
  PUBLISHED_GROUND,
  type PublishedGround,
  publishedGeometry,
} from '../../datasets/index.js';

describe('published geometries', () => {
  it('ask for no more ground than the tiles show, and have a source', () => {
    for (const [name, ground] of Object.entries<PublishedGround>(PUBLISHED_GROUND)) {
      assert.ok(ground.tileSizeM <= (ground.tileFileM ?? ground.tileSizeM), name);
      assert.ok(ground.cameraHeightM > 1 && ground.cameraHeightM < 4 && ground.source.length > 20, name);
    }
    // All four cities of VIGOR show what its common geometry asks for (within the 1 cm it is rounded to).
    const cities = Object.entries<PublishedGround>(PUBLISHED_GROUND).filter(([name]) =>
      name.startsWith('vigor/'),
    );
    assert.equal(cities.length, 4);
    for (const [, city] of cities) assert.ok((city.tileFileM ?? 0) >= PUBLISHED_GROUND.vigor.tileSizeM);
  });

  it('are those that were measured on real pairs', () => {
    const { cvusa, cvact } = PUBLISHED_GROUND;
    assert.deepEqual([cvusa.tileFileM, cvusa.tileSizeM, cvusa.cameraHeightM], [178, 60, 2.9]);
    assert.ok(Math.abs(cvusa.fieldOfView.verticalDeg - 65.4545) < 0.0001);
    assert.deepEqual([cvusa.fieldOfView.horizontalDeg, cvusa.fieldOfView.horizonShare], [360, 0.585]);
    // 5.6 degrees below the middle row.
    assert.ok(Math.abs(cvusa.fieldOfView.verticalDeg * (cvusa.fieldOfView.horizonShare - 0.5) - 5.6) < 0.05);
    assert.deepEqual([cvact.tileFileM, cvact.tileSizeM, cvact.cameraHeightM], [73, 60, 2.5]);
  });

  it('of tiles at a zoom level are what the map says: web mercator at the latitude', () => {
    // https://wiki.openstreetmap.org/wiki/Zoom_levels: 0.298582 m a pixel at zoom 19 on the equator.
    assert.ok(Math.abs(cvusaTileM(0) - 750 * 0.298582) < 0.001);
    assert.ok(Math.abs(cvusaTileM(60) - 0.5 * cvusaTileM(0)) < 1e-9);
    // The contiguous United States, 29 to 48 degrees north, lie in the range that was found.
    assert.ok(cvusaTileM(48) > 149 && cvusaTileM(29) < 197 && Math.abs(cvusaTileM(37.4) - 178) < 0.2);
    // CVACT: 1200 px at zoom 20 of tiles twice as fine (scale 2), in Canberra.
    const cvact = (1200 * 2 * Math.PI * 6_378_137 * Math.cos((35.3 * Math.PI) / 180)) / (512 * 2 ** 20);
    assert.ok(Math.abs(cvact - PUBLISHED_GROUND.cvact.tileFileM) < 0.2, `${cvact}`);
  });

  it('are geometries of a bundle, and none for formats whose ground the user knows', () => {
    const geometry = publishedGeometry('vigor/Chicago', 256);
    assert.deepEqual(geometry, {
      tileSizeM: 640 * 0.1113,
      inputSizePx: 256,
      bevSizePx: 512,
      cameraHeightM: 2.5,
    });
    assert.deepEqual(publishedGeometry('cvusa', 64), {
      tileSizeM: 60,
      inputSizePx: 64,
      bevSizePx: 128,
      cameraHeightM: 2.9,
      fieldOfView: PUBLISHED_GROUND.cvusa.fieldOfView,
    });
    for (const format of ['csv', 'town', 'photos'] as const)
      assert.equal(publishedGeometry(format, 64), undefined);
  });
});
