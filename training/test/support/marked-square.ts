// White discs on new asphalt around a camera, and where a panorama of them must show them.
import assert from 'node:assert/strict';
import { BevTableCache, type CameraPose, fullSphere, projectBev } from 'skyfix/geometry';
import { M } from '../../town/scene/materials.js';
import { makeScene, type Scene } from '../../town/scene/scene.js';
import { forDisc } from '../../town/scene/stamp.js';

/** Metres east and north of the camera, which stands at 32, 32. */
const MARKS = [
  [6, 0],
  [0, 8],
  [-5, -5],
  [3, -9],
] as const;

/** A plain square of 64 m with the marks. */
export function markedSquare(): { readonly scene: Scene; readonly marks: typeof MARKS } {
  const scene = makeScene(64, 1);
  scene.material.fill(M.asphaltNew);
  scene.terrain.fill(100);
  for (const [east, north] of MARKS) {
    forDisc(scene, { x: 32 + east, y: 32 + north }, 0.8, (cell) => {
      scene.material[cell] = M.markWhite;
    });
  }
  return { scene, marks: MARKS };
}

/**
 * Every mark lies within 0.25 m of its place in the BEV, by the projection that serving uses, of a panorama of 1024 x 512 px
 * taken 2.5 m high. A mark is what is brighter than `level`.
 */
export function assertMarksSeen(
  marks: typeof MARKS,
  data: Uint8Array,
  pose: CameraPose,
  level: number,
): void {
  const image = { widthPx: 1024, heightPx: 512, data };
  const geometry = { sizePx: 256, gsdM: 0.125, cameraHeightM: 2.5 };
  const bev = projectBev(image, fullSphere(1024, 512), pose, geometry, new BevTableCache()).image.data;
  for (const [east, north] of marks) {
    let [sx, sy, weight] = [0, 0, 0];
    for (let i = 0; i < 256; i++) {
      for (let j = 0; j < 256; j++) {
        const x = (j - 127.5) * 0.125;
        const y = (127.5 - i) * 0.125;
        if (Math.hypot(x - east, y - north) > 2) continue;
        const w = Math.max(0, (bev[(i * 256 + j) * 3] as number) - level);
        sx += w * x;
        sy += w * y;
        weight += w;
      }
    }
    assert.ok(weight > 0, `no mark at ${east}, ${north}`);
    const off = Math.hypot(sx / weight - east, sy / weight - north);
    assert.ok(off < 0.25, `mark at ${east}, ${north} seen ${off} m away (${JSON.stringify(pose)})`);
  }
}
