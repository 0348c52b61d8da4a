// A run's folder belongs to one configuration: config.yaml there. What does not change training may change when the run goes
// on, stages may become longer, and a folder in which nothing was trained belongs to whoever comes next.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from 'skyfix/errors';
import { writeFileAtomic } from 'skyfix/files';
import { parse, stringify } from 'yaml';
import { type Difference, differences, type RunConfig } from '../config/index.js';
import { CHECKPOINTS, checkpointPath, STAGES } from './run-context.js';
import { RESULT_FILE } from './run-result.js';

export const CONFIG_FILE = 'config.yaml';
/** Configurations with which the folder's checkpoints were begun, before their stages were made longer: a list, newest first. */
const EARLIER_FILE = 'earlier-configs.yaml';
/** What a start that trained nothing may have left. */
const LEFTOVERS = ['metrics.jsonl', 'samples', 'tensorboard', 'charts', 'views', 'report.md', 'seconds.json'];

/** Fields that change nothing of what was trained, measured or exported. */
const UNSEEN = /^(checkpointEvery|data\.cacheDir|runtime\.loaderThreads)$/;
/** Fields that change what is measured and exported, but not what is trained. */
const AFTER_TRAINING = /^(name|group|evaluation|bundle|publish|geometry\.search(MarginPx|StepPx))(\.|$)/;
const LENGTH = /^(stage1|stage3)\.(steps|epochs)$/;

export interface ClaimedFolder {
  /** What became of the folder, for people. */
  readonly notes: readonly string[];
  /** Configurations whose checkpoints are gone on from, newest first. */
  readonly earlier: readonly RunConfig[];
}

/**
 * Makes the folder the configuration's; to be called by who has locked it. Throws TRAINING_CONFIG_INVALID where something was
 * trained in it with other fields, and names them.
 */
export async function claimFolder(config: RunConfig, dir: string): Promise<ClaimedFolder> {
  await mkdir(dir, { recursive: true });
  const path = join(dir, CONFIG_FILE);
  const write = () => writeFileAtomic(path, stringify(config));
  const old = await configOf(dir);
  if (!old) {
    await write();
    return { notes: [], earlier: [] };
  }
  const changes = changesOf(config, old, dir);
  if (changes === 'taken over') {
    for (const name of [...LEFTOVERS, EARLIER_FILE])
      await rm(join(dir, name), { recursive: true, force: true });
    await write();
    const note = `${dir} held another configuration, with which nothing was trained: it is taken over.`;
    return { notes: [note], earlier: [] };
  }
  const earlier = await earlierConfigs(dir);
  if (changes.length === 0) return { notes: [], earlier };
  const notes = [`${dir} goes on with other values: ${changes.map(changeText).join('; ')}.`];
  // In an order in which a kill between two steps leaves a folder that the old or the new configuration goes on with.
  if (changes.some(({ path: at }) => !UNSEEN.test(at))) await rm(join(dir, RESULT_FILE), { force: true });
  const longer = changes.filter(({ path: at }) => LENGTH.test(at));
  if (longer.length > 0) {
    earlier.unshift(old);
    await writeFileAtomic(join(dir, EARLIER_FILE), stringify(earlier));
    notes.push('From where it stands it follows the schedule of the longer run.');
  }
  if (longer.some(({ path: at }) => at.startsWith('stage1.'))) notes.push(...(await setEncoderAside(dir)));
  await write();
  return { notes, earlier };
}

/**
 * False where the folder holds no configuration yet. Throws TRAINING_CONFIG_INVALID where it is another one's, also where a run
 * could go on with the change: runs that are compared have all the same.
 */
export async function isOfRun(config: RunConfig, dir: string): Promise<boolean> {
  const old = await configOf(dir);
  if (!old) return false;
  const changes = differences(old, config).filter(({ path }) => !UNSEEN.test(path));
  if (changes.length > 0 && hasTrained(dir)) throw ofAnotherRun(dir, changes);
  return true;
}

/** What is different and may be. */
function changesOf(config: RunConfig, old: RunConfig, dir: string): 'taken over' | readonly Difference[] {
  const changes = differences(old, config);
  const refused = changes.filter((change) => !mayChange(change));
  if (refused.length === 0) return changes;
  if (!hasTrained(dir)) return 'taken over';
  throw ofAnotherRun(dir, refused);
}

function ofAnotherRun(dir: string, changes: readonly Difference[]): SkyfixError {
  const more = changes.length > 5 ? `; and ${changes.length - 5} more` : '';
  return new SkyfixError(
    'TRAINING_CONFIG_INVALID',
    `${join(dir, CONFIG_FILE)} is of another run: ${changes.slice(0, 5).map(changeText).join('; ')}${more}. ` +
      'Choose another folder (--out) or name, or remove this one.',
  );
}

function mayChange({ path, before, now }: Difference): boolean {
  if (UNSEEN.test(path) || AFTER_TRAINING.test(path)) return true;
  return LENGTH.test(path) && typeof before === 'number' && typeof now === 'number' && now > before;
}

function changeText({ path, before, now }: Difference): string {
  const text = (value: unknown) => {
    const json = JSON.stringify(value);
    return json.length > 60 ? `${json.slice(0, 57)}...` : json;
  };
  return `${path} was ${text(before)} and is ${text(now)}`;
}

function hasTrained(dir: string): boolean {
  return (
    existsSync(join(dir, RESULT_FILE)) ||
    STAGES.some((stage) => existsSync(checkpointPath(dir, stage, 'last')))
  );
}

/** The encoder was trained on the views of a generator that now goes on: it begins anew, and its checkpoints are kept aside. */
async function setEncoderAside(dir: string): Promise<string[]> {
  if (!existsSync(checkpointPath(dir, 'encoder', 'last'))) return [];
  const aside = join(dir, CHECKPOINTS, 'earlier');
  await mkdir(aside, { recursive: true });
  for (const kind of ['best', 'last'] as const) {
    const path = checkpointPath(dir, 'encoder', kind);
    if (existsSync(path)) await rename(path, join(aside, `encoder-${kind}.bin`));
  }
  return [`Stage 3 begins anew, since its views change; its checkpoints so far are in ${aside}.`];
}

async function configOf(dir: string): Promise<RunConfig | undefined> {
  const path = join(dir, CONFIG_FILE);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parsed<RunConfig>(text, path);
}

async function earlierConfigs(dir: string): Promise<RunConfig[]> {
  const path = join(dir, EARLIER_FILE);
  const text = await readFile(path, 'utf8').catch(() => '[]');
  return parsed<RunConfig[]>(text, path);
}

function parsed<T>(text: string, path: string): T {
  try {
    const value: unknown = parse(text);
    if (typeof value === 'object' && value !== null) return value as T;
  } catch {
    // told below
  }
  throw new SkyfixError(
    'TRAINING_CONFIG_INVALID',
    `${path} is damaged. Choose another folder or remove this one.`,
  );
}

/** What a killed start was writing: a checkpoint is as large as the networks and their optimisers. */
export async function removeHalfWritten(dir: string): Promise<void> {
  for (const name of await readdir(dir, { recursive: true })) {
    // Another process may be asking for the folder just now.
    if (name.endsWith('.tmp') && !name.endsWith('.lock.tmp'))
      await rm(join(dir, name), { recursive: true, force: true });
  }
}
