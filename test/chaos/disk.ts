// The disk fills up during a publish, or the data folder turns read-only, while a server serves from it.
import { execFileSync } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishIndex } from '../../index/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import { openClient } from './asking.js';
import type { Scenario } from './scenario.js';
import { ChaosServer } from './server.js';
import { currentOrFault, indexFolders, REGION } from './versions.js';

const NAMES = ['v1', 'v2', 'v3', 'v4'];

const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'pipe' });

/** Whether this process may mount a file system. */
function cannotMount(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root on Linux may mount a file system';
  return undefined;
}

export const diskFails: Scenario = {
  name: 'the disk is full, the folder read-only',
  missing: cannotMount,
  run: async ({ folder, random, rounds }) => {
    const dirs = await indexFolders(join(folder, 'built'), NAMES);
    const disk = join(folder, 'disk');
    await mkdir(disk);
    mount('-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk);
    const faults: string[] = [];
    const server = new ChaosServer(disk);
    const client = openClient({
      url: () => server.url,
      versions: new Set(NAMES),
      mayBeCut: () => server.down,
    });
    let refused = 0;
    let published = 0;
    try {
      await publishIndex({ indexDir: dirs[0] as string, dataDir: disk, region: REGION });
      await server.start();
      client.start();
      for (let round = 0; round < rounds; round++) {
        const full = random() < 0.7;
        const filler = join(disk, 'filler');
        if (full) {
          const { bavail, bsize } = await statfs(disk);
          // Room for a part of a version, or for none of it.
          await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - Math.floor(random() * 40_000))));
        } else {
          // A mount over the mount: what is open stays open for writing, as on a disk that failed.
          mount('--bind', disk, disk);
          mount('-o', 'remount,bind,ro', disk);
          // A server must also come up on a folder that it may only read.
          await server.kill();
          await server.start();
        }
        const indexDir = dirs[Math.floor(random() * dirs.length)] as string;
        const before = await currentOrFault(disk);
        const outcome = await publishIndex({ indexDir, dataDir: disk, region: REGION, keep: 2 }).then(
          (version) => ({ version }),
          (error: unknown) => ({ error }),
        );
        if (full) await rm(filler, { force: true });
        else execFileSync('umount', [disk]);
        const after = await currentOrFault(disk);
        if ('fault' in after) faults.push(after.fault);
        else if ('version' in outcome) published++;
        else {
          refused++;
          if ('version' in before && before.version !== after.version)
            faults.push('a refused publish changed the pointer');
          if (!(outcome.error instanceof SkyfixError))
            faults.push(`not an error for people: ${outcome.error}`);
        }
        const status = await server.reload(REGION);
        if (status !== 200) faults.push(`a reload was answered with ${status}`);
        // With room again the next publish ends well.
        await publishIndex({ indexDir, dataDir: disk, region: REGION, keep: 2 });
      }
      await server.recovered(() => client.ask());
    } catch (error) {
      faults.push(String(error));
    } finally {
      await client.stop();
      await server.kill();
      // Both, where it ended with one over the other.
      execFileSync('umount', ['--recursive', disk]);
    }
    const { right, later } = client.told;
    return {
      rounds,
      counts: { right, later, refused, published },
      faults: [...faults, ...client.told.faults],
    };
  },
};
