// Index builds are killed at random moments and begun again: each ends with the bytes of one that was left alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { buildIndex } from '../../index/index.js';
import { sha256OfFile } from '../../src/files/index.js';
import { writeMosaic, writeTinyBundle } from '../index/fixtures.js';
import type { Scenario } from './scenario.js';

const BUILDER = join(import.meta.dirname, '../index/build-child.js');
const FILES = ['index.json', 'graph.hnsw', 'descriptors.f16', 'catalogue.bin', 'bundle/encoder.onnx'];
/** As build-child.ts builds. */
const CREATED_AT = '2026-02-03T04:05:06.000Z';

const sums = (dir: string) => Promise.all(FILES.map((name) => sha256OfFile(join(dir, name))));

export const buildsEnd: Scenario = {
  name: 'index builds are killed and go on',
  run: async ({ folder, random, rounds }) => {
    const [bundleDir, imagery, whole] = ['bundle', 'mosaic.tif', 'whole'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await writeTinyBundle(bundleDir, 5);
    await writeMosaic(imagery);
    const started = performance.now();
    const graph = { engine: 'hnswlib' } as const;
    await buildIndex({ bundleDir, imagery, outDir: whole, strideM: 4, createdAt: CREATED_AT, graph });
    // A process has to start as well.
    const usualMs = performance.now() - started + 500;
    const expected = await sums(whole);
    const faults: string[] = [];
    let kills = 0;
    let finished = 0;
    while (kills < rounds) {
      const outDir = join(folder, `out-${finished}`);
      // The last of each is left alone.
      for (let alive = 1 + Math.floor(random() * 6); ; alive--) {
        const child = spawn(process.execPath, [BUILDER, bundleDir, imagery, outDir, 'Infinity'], {
          stdio: 'ignore',
        });
        const exited = once(child, 'exit');
        if (alive > 0) {
          await Promise.race([pause(random() * usualMs), exited]);
          child.kill('SIGKILL');
        }
        const [code, signal] = (await exited) as [number | null, string | null];
        if (signal === 'SIGKILL') kills++;
        else if (code === 0) break;
        else {
          faults.push(`a build that was killed before ended with ${code}`);
          break;
        }
      }
      const found = await sums(outDir).catch((error: unknown) => [String(error)]);
      if (found.join() !== expected.join()) faults.push(`${outDir} differs from a build that was left alone`);
      finished++;
    }
    return { rounds: kills, counts: { finished }, faults };
  },
};
