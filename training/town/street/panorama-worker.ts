// Worker thread: renders panoramas from the shared rasters and writes their files.
import { writeFile } from 'node:fs/promises';
import { sharp } from 'skyfix/imaging';
import { serveRequests } from 'skyfix/threads';
import type { LitWorld } from '../scene/lit-world.js';
import { type CameraClaim, encodePanorama, type PanoramaFile } from './camera-file.js';
import { expose, type GroundCamera } from './ground-camera.js';
import type { TownCamera } from './march.js';
import { type LitScene, renderPanorama } from './panorama.js';
import type { Atmosphere } from './sky.js';
import { tilt } from './tilt.js';
import type { WorldAir } from './world-air.js';
import { renderWorldView } from './world-view.js';

/** One panorama to make. */
export interface PanoramaJob {
  readonly file: string;
  readonly camera: TownCamera;
  readonly air: Atmosphere;
  readonly claim: CameraClaim;
}

/** One panorama of a world to make. */
export interface WorldJob {
  readonly file: string;
  readonly camera: TownCamera;
  readonly air: WorldAir;
  readonly ground: GroundCamera;
  readonly kept: PanoramaFile;
  readonly claim: CameraClaim;
}

export interface RenderSetup {
  readonly lit: LitScene | LitWorld;
  readonly widthPx: number;
}

export interface RenderRequests {
  render(job: PanoramaJob): void;
  renderWorld(job: WorldJob): void;
}

await serveRequests<RenderRequests, RenderSetup>(({ lit, widthPx }) => {
  sharp.concurrency(1);
  return {
    answers: {
      render: async ({ file, camera, air, claim }) => {
        const rgb = renderPanorama(lit as LitScene, camera, air, widthPx);
        await writeFile(file, await encodePanorama(rgb, widthPx, claim));
      },
      renderWorld: async ({ file, camera, air, ground, kept, claim }) => {
        const level = renderWorldView(lit as LitWorld, camera, air, widthPx);
        const { pitchDeg, rollDeg } = camera;
        const view = pitchDeg === 0 && rollDeg === 0 ? level : tilt(level, widthPx, pitchDeg, rollDeg);
        const rgb = await expose(view, widthPx, ground, air.seed);
        await writeFile(file, await encodePanorama(rgb, widthPx, claim, kept));
      },
    },
  };
});
