// environment.json: on what a run was made. Figures are compared only where this is known.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';

export const ENVIRONMENT_FILE = 'environment.json';

export interface RunEnvironment {
  /** ISO 8601, UTC. */
  readonly started: string;
  readonly versions: {
    readonly node: string;
    readonly skyfix: string;
    readonly tfjs: string;
    /** TensorFlow's C library. */
    readonly tensorflow: string;
  };
  readonly platform: string;
  readonly cpu: { readonly model: string; readonly cores: number };
  readonly memoryGiB: number;
  /** Name, memory and driver of each; empty where there is none. */
  readonly gpus: readonly string[];
  /** null where the sources are no git checkout. `dirty`: something differs from the commit. */
  readonly git: { readonly commit: string; readonly dirty: boolean } | null;
  readonly variables: Readonly<Record<string, string>>;
}

/** What environment.json holds: the newest start of the run, and those before it where it was continued. */
export interface RunEnvironmentFile extends RunEnvironment {
  readonly earlierStarts: readonly RunEnvironment[];
}

/** The run's environment.json; undefined where there is none. Throws DATASET_INVALID where it is no JSON. */
export async function readEnvironment(dir: string): Promise<RunEnvironmentFile | undefined> {
  const path = join(dir, ENVIRONMENT_FILE);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as RunEnvironmentFile;
  } catch (error) {
    throw new SkyfixError('DATASET_INVALID', `${path} is no JSON.`, { cause: error });
  }
}
