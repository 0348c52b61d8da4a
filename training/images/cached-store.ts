// Image stores that are made once, in worker threads, and kept in a cache folder. Images go straight from a thread to
// the file; a file that was not finished is gone on with.
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { messageOf, SkyfixError } from 'skyfix/errors';
import { sha256OfBytes } from 'skyfix/files';
import { imageryIdentity } from 'skyfix/index';
import { RequestWorker, ThreadClosed, ThreadDied } from 'skyfix/threads';
import { FIELD_OF_VIEW_ADVICE, type Problem, refuse } from '../datasets/index.js';
import { fileStore, finishFile, type ImageStore, isComplete, StoreFileWriter } from '../stores/index.js';
import { fileOfJob, type ImageJob, ImageMaker, PIXELS_VERSION } from './image-jobs.js';
import { IN_FLIGHT, type MakeRequest, type MakeRequests, type MakeSetup, makeInto } from './make-image.js';

export type Progress = (done: number, total: number) => void;

/** A job and the line of the data set that it belongs to. */
export interface ListedJob {
  readonly job: ImageJob;
  /** File and line that name the image, for messages. */
  readonly listedAt: string;
}

export interface CacheOptions {
  readonly cacheDir: string;
  /** Named in an error about images that cannot be made. */
  readonly root: string;
  /** Threads that make images; unless told, one a core, and none for a few images. */
  readonly threads?: number;
  readonly onProgress?: Progress;
}

/** So few images are made sooner than a thread has started. */
const FEW_IMAGES = 24;
/** More failures than this end the work: something is wrong with all of it. */
const MOST_FAILURES = 100;

/**
 * The store of these jobs' images, sizePx a side, from the cache or made now. Its key holds the jobs, size, time and
 * path of every file they read (of a folder of tiles, of all in it), and the version of the code. Throws
 * DATASET_INVALID that names file and line of images
 * that cannot be made (what was made is kept), DISK_FULL.
 */
export async function cachedImageStore(
  jobs: readonly ListedJob[],
  sizePx: number,
  options: CacheOptions,
): Promise<ImageStore> {
  const key = JSON.stringify([PIXELS_VERSION, sizePx, jobs.map(({ job }) => job), await filesOf(jobs)]);
  const path = join(options.cacheDir, `${sha256OfBytes(key).slice(0, 32)}.images`);
  const finished = openFinished(path, sizePx, jobs.length);
  if (finished) {
    options.onProgress?.(jobs.length, jobs.length);
    return finished;
  }
  await mkdir(options.cacheDir, { recursive: true });
  const partial = `${path}.part`;
  const writer = new StoreFileWriter(partial, sizePx, jobs.length);
  try {
    const failures = await makeImages(
      jobs,
      writer.missing(),
      { path: partial, sizePx, count: jobs.length },
      options,
    );
    const strips = failures.some(({ reason }) => reason === 'no-field-of-view');
    refuse(
      options.root,
      failures,
      strips
        ? FIELD_OF_VIEW_ADVICE
        : 'All such images are found by "skyfix-train dataset --check-images", and left out with source.dropInvalid.',
    );
  } finally {
    writer.close();
  }
  await finishFile(partial, path);
  return fileStore(path);
}

function openFinished(path: string, sizePx: number, count: number): ImageStore | undefined {
  try {
    const store = fileStore(path);
    if (store.sizePx === sizePx && store.count === count && isComplete(path)) return store;
    store.close();
  } catch {
    // Not there, or damaged: it is made again.
  }
  return undefined;
}

/** Path, size and time of change of every file that the jobs read; of a folder of tiles, a digest of these. */
async function filesOf(jobs: readonly ListedJob[]): Promise<readonly (readonly (string | number)[])[]> {
  const paths = [...new Set(jobs.map(({ job }) => fileOfJob(job)))];
  const files: (readonly (string | number)[])[] = [];
  const next = paths.entries();
  const look = async (): Promise<void> => {
    for (const [k, path] of next) {
      files[k] = [path, ...(await imageryIdentity(path))];
    }
  };
  await Promise.all(Array.from({ length: 16 }, look));
  return files;
}

/** Makes one image; rejects where it cannot be made. */
type Make = (request: MakeRequest) => Promise<void>;

/** Makes the missing images, in threads where there are many; returns what failed, in the order of the jobs. */
async function makeImages(
  jobs: readonly ListedJob[],
  missing: readonly number[],
  setup: MakeSetup,
  options: CacheOptions,
): Promise<readonly Problem[]> {
  const { onProgress } = options;
  const failures = new Map<number, Problem>();
  const queue = missing.values();
  let done = jobs.length - missing.length;
  let stopped = false;
  /** Takes images from the queue, one after the other, until there is none left. */
  const work = async (make: Make): Promise<void> => {
    for (const index of queue) {
      const { job, listedAt } = jobs[index] as ListedJob;
      try {
        await make({ index, job });
      } catch (error) {
        if (!isOfTheImage(error)) {
          stopped = true;
          throw error;
        }
        const why = error instanceof SkyfixError ? error.detail : messageOf(error);
        const detail = `${fileOfJob(job)} cannot be used: ${why}`;
        failures.set(index, { reason: reasonOf(error), where: listedAt, detail });
      }
      if (!failures.has(index)) {
        done++;
        onProgress?.(done, jobs.length);
      }
      if (stopped || failures.size >= MOST_FAILURES) return;
    }
  };
  const threads = options.threads ?? (missing.length > FEW_IMAGES ? availableParallelism() : 0);
  if (threads === 0) await makeHere(setup, work);
  else {
    const count = Math.min(threads, Math.ceil(missing.length / IN_FLIGHT));
    await allDone(Array.from({ length: count }, () => makeInThread(setup, work)));
  }
  if (failures.size === 0 && done < jobs.length) {
    throw new SkyfixError('INTERNAL', `${setup.path} has ${done} of ${jobs.length} images.`);
  }
  return [...failures].sort(([a], [b]) => a - b).map(([, problem]) => problem);
}

function reasonOf(error: unknown): Problem['reason'] {
  const unknownView = error instanceof SkyfixError && error.code === 'PANORAMA_FOV_UNKNOWN';
  return unknownView ? 'no-field-of-view' : 'unreadable-image';
}

/** Whether an error says that this one image cannot be made; a full disk or a dead thread ends all of it. */
function isOfTheImage(error: unknown): boolean {
  if (error instanceof ThreadDied || error instanceof ThreadClosed) return false;
  return !(error instanceof SkyfixError && ['DISK_FULL', 'NOT_WRITABLE'].includes(error.code));
}

/** Waits for all, so that nothing still works when the first error is thrown. */
async function allDone(works: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(works)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}

/** Makes images in this thread, one after the other. */
async function makeHere(
  { path, sizePx, count }: MakeSetup,
  work: (make: Make) => Promise<void>,
): Promise<void> {
  const writer = new StoreFileWriter(path, sizePx, count);
  const maker = new ImageMaker();
  try {
    await work((request) => makeInto(writer, maker, sizePx, request));
  } finally {
    writer.close();
    await maker.close();
  }
}

/** Has one thread make images until there is none left. */
async function makeInThread(setup: MakeSetup, work: (make: Make) => Promise<void>): Promise<void> {
  const script = new URL('./make-worker.js', import.meta.url);
  const worker = new RequestWorker<MakeRequests>(script, { of: `the maker of ${setup.path}`, setup });
  try {
    const lanes = Array.from({ length: IN_FLIGHT }, () => work((request) => worker.ask('make', request)));
    await allDone([worker.opened, ...lanes]);
  } catch (error) {
    if (!(error instanceof ThreadDied)) throw error;
    const what = `A thread that makes images died (${error.why})`;
    const goOn = 'what was made is kept, and the same command goes on.';
    throw new SkyfixError('INTERNAL', `${what}; ${goOn}`, { cause: error });
  } finally {
    await worker.close();
  }
}
