// Worker thread: renders panoramas from the shared rasters and writes their files.
import { writeFile } from 'node:fs/promises';
import { sharp } from 'skyfix/imaging';
import { serveRequests } from 'skyfix/threads';
import { type CameraClaim, encodePanorama } from './camera-file.js';
import type { TownCamera } from './march.js';
import { type LitScene, renderPanorama } from './panorama.js';
import type { Atmosphere } from './sky.js';

/** One panorama to make. */
export interface PanoramaJob {
  readonly file: string;
  readonly camera: TownCamera;
  readonly air: Atmosphere;
  readonly claim: CameraClaim;
}

export interface RenderSetup {
  readonly lit: LitScene;
  readonly widthPx: number;
}

export interface RenderRequests {
  render(job: PanoramaJob): void;
}

await serveRequests<RenderRequests, RenderSetup>(({ lit, widthPx }) => {
  sharp.concurrency(1);
  return {
    answers: {
      render: async ({ file, camera, air, claim }) => {
        const rgb = renderPanorama(lit, camera, air, widthPx);
        await writeFile(file, await encodePanorama(rgb, widthPx, claim));
      },
    },
  };
});
