// The data folder that a command reads, with something in it. The default one gets the demo region, so that a checkout
// answers at its first start; one that somebody named and that is empty is a mistake (a typo, a volume not mounted), and
// answers from a demo town would hide it.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../src/config/index.js';
import { messageOf, SkyfixError } from '../../src/errors/index.js';
import { listRegions } from '../../src/versions/index.js';
import { DEMO_REGION, followShippedDemo } from './demo-region.js';

export interface DataFolderOptions {
  /** As named on the command line. */
  readonly data?: string | undefined;
  /** true: the demo also into a folder that was named; false: never. */
  readonly demo?: boolean | undefined;
  /** Where the default folder cannot be written, work with a copy of the demo that goes away; for one question. */
  readonly temporary?: boolean;
}

export interface DataFolder {
  readonly dir: string;
  /** Removes what was made for this run only. */
  release(): Promise<void>;
}

/** Throws DATA_EMPTY for a folder that was named and holds no region, and what installing the demo throws. */
export async function openDataFolder(options: DataFolderOptions): Promise<DataFolder> {
  const { data, demo } = options;
  const named = data !== undefined ? '--data' : process.env.SKYFIX_DATA?.trim() ? 'SKYFIX_DATA' : undefined;
  const dir = data ?? loadConfig(process.env).dataDir;
  const folder = { dir, release: async () => {} };
  if (demo === false) return folder;
  if (named !== undefined && demo !== true) {
    if ((await listRegions(dir)).length > 0) return folder;
    const there = (await stat(dir).catch(() => undefined)) !== undefined;
    throw new SkyfixError(
      'DATA_EMPTY',
      `${dir} (${named}) ${there ? 'holds no region' : 'does not exist'}; "skyfix demo install ` +
        `--data ${dir}" puts the demo region there.`,
    );
  }
  try {
    sayInstalled(await followShippedDemo(dir));
    return folder;
  } catch (error) {
    if (!isUnwritable(error)) throw error;
    // Of another user who has installed it: good as it is.
    if ((await listRegions(dir)).length > 0) return folder;
    if (!options.temporary) throw error;
    return await temporaryDemo(dir, error);
  }
}

async function temporaryDemo(dir: string, reason: unknown): Promise<DataFolder> {
  const copy = await mkdtemp(join(tmpdir(), 'skyfix-demo-'));
  const release = () => rm(copy, { recursive: true, force: true });
  try {
    await followShippedDemo(copy);
  } catch (error) {
    await release();
    throw error;
  }
  console.error(
    `${dir} cannot be written (${messageOf(reason)}): the demo region is taken for this run only.`,
  );
  return { dir: copy, release };
}

function sayInstalled(version: string | undefined): void {
  if (version) console.error(`Installed the demo region: ${DEMO_REGION}, version ${version}.`);
}

function isUnwritable(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EROFS', 'NOT_WRITABLE'].includes((error as NodeJS.ErrnoException).code ?? '');
}
