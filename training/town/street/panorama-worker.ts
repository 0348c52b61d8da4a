// Worker thread: renders panoramas from the shared rasters and writes their files.
import { writeFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import sharp from 'sharp';
import { type CameraClaim, encodePanorama } from './camera-file.js';
import { type LitScene, renderPanorama, type TownCamera } from './panorama.js';
import type { Atmosphere } from './sky.js';

/** One panorama to make. */
export interface PanoramaJob {
  readonly file: string;
  readonly camera: TownCamera;
  readonly air: Atmosphere;
  readonly claim: CameraClaim;
}

export interface WorkerInput {
  readonly lit: LitScene;
  readonly widthPx: number;
}

const port = parentPort;
if (port !== null) {
  sharp.concurrency(1);
  const { lit, widthPx } = workerData as WorkerInput;
  port.on('message', (job: PanoramaJob | null) => {
    if (job === null) {
      port.close();
      return;
    }
    const make = async (): Promise<void> => {
      const rgb = renderPanorama(lit, job.camera, job.air, widthPx);
      await writeFile(job.file, await encodePanorama(rgb, widthPx, job.claim));
    };
    make().then(
      () => port.postMessage({ done: job.file }),
      (error: unknown) => port.postMessage({ error: String(error) }),
    );
  });
}
