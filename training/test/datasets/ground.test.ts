// The ground of the published data sets.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PUBLISHED_GROUND, type PublishedGround, publishedGeometry } from '../../datasets/index.js';

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
    assert.ok(Math.abs((PUBLISHED_GROUND.cvusa.verticalFovDeg ?? 0) - 65.45) < 0.01);
  });

  it('are geometries of a bundle, and none for formats whose ground the user knows', () => {
    const geometry = publishedGeometry('vigor/Chicago', 256);
    assert.deepEqual(geometry, {
      tileSizeM: 640 * 0.1113,
      inputSizePx: 256,
      bevSizePx: 512,
      cameraHeightM: 2,
    });
    for (const format of ['csv', 'town', 'photos'] as const)
      assert.equal(publishedGeometry(format, 64), undefined);
  });
});
