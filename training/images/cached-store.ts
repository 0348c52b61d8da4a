// Image stores that are made once, in worker threads, and kept in a cache folder. Images go straight from a thread to
// the file; a file that was not finished is gone on with.
import { existsSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { SkyfixError } from 'skyfix/errors';
import { sha256OfBytes, syncFolder } from 'skyfix/files';
import { imageryIdentity } from 'skyfix/index';
import { asCodedError } from '../common/index.js';
import { type Problem, refuse } from '../datasets/index.js';
import { fileStore, type ImageStore, isComplete, StoreFileWriter } from '../stores/index.js';
import { fileOfJob, type ImageJob, ImageMaker, PIXELS_VERSION } from './image-jobs.js';
import { type MakeInput, type MakeReply, type MakeRequest, makeInto } from './make-image.js';

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

/** Jobs that a thread has at a time: one decodes while the other is projected. */
const IN_FLIGHT = 2;
/** So few images are made sooner than a thread has started. */
const FEW_IMAGES = 24;
/** More failures than this end the work: something is wrong with all of it. */
const MOST_FAILURES = 100;

/**
 * The store of these jobs' images, sizePx a side, from the cache or made now. Its key holds the jobs, size, time and
 * path of every file they read (of a folder of tiles, of all in it), and the version of the code. Throws DATASET_INVALID that names file and line of images
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
    refuse(
      options.root,
      failures,
      'Invalid images can be found with --check-images and dropped with --drop-invalid.',
    );
  } finally {
    writer.close();
  }
  await finishStore(partial, path, options.cacheDir);
  return fileStore(path);
}

/** Flushes and renames; a process that made the same images at the same time may have been first. */
async function finishStore(partial: string, path: string, dir: string): Promise<void> {
  try {
    const file = await open(partial, 'r+');
    await file.sync().finally(() => file.close());
    await rename(partial, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !existsSync(path)) throw error;
  }
  await syncFolder(dir);
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

/** Makes the missing images, in threads where there are many; returns what failed, in the order of the jobs. */
async function makeImages(
  jobs: readonly ListedJob[],
  missing: readonly number[],
  input: MakeInput,
  options: CacheOptions,
): Promise<readonly Problem[]> {
  const { onProgress } = options;
  const failures = new Map<number, Problem>();
  const queue = missing.values();
  let done = jobs.length - missing.length;
  let answered = 0;
  let stopped = false;
  const threads = options.threads ?? (missing.length > FEW_IMAGES ? availableParallelism() : 0);
  const next = (): MakeRequest | null => {
    if (stopped || failures.size >= MOST_FAILURES) return null;
    for (const index of queue) return { index, job: (jobs[index] as ListedJob).job };
    return null;
  };
  const take = ({ index, error }: MakeReply): void => {
    answered++;
    if (error?.code === 'DISK_FULL') throw asCodedError(error);
    const { job, listedAt } = jobs[index] as ListedJob;
    if (error) {
      const detail = `${fileOfJob(job)} cannot be used: ${error.message}`;
      failures.set(index, { reason: 'unreadable-image', where: listedAt, detail });
    } else onProgress?.(++done, jobs.length);
  };
  try {
    if (threads === 0) await makeHere(input, next, take);
    else {
      const count = Math.min(threads, Math.ceil(missing.length / IN_FLIGHT));
      await Promise.all(Array.from({ length: count }, () => makeInThread(input, next, take)));
    }
  } catch (error) {
    stopped = true;
    throw error;
  }
  // A thread that ended before its work was done must not pass for one that had no more.
  if (failures.size < MOST_FAILURES && answered < missing.length) {
    throw new SkyfixError(
      'DATASET_INVALID',
      `${input.path}: the threads that make images ended after ${answered} of ${missing.length}; what they made is kept, and the same command goes on.`,
    );
  }
  return [...failures].sort(([a], [b]) => a - b).map(([, problem]) => problem);
}

/** Makes images in this thread, one after the other. */
async function makeHere(
  { path, sizePx, count }: MakeInput,
  next: () => MakeRequest | null,
  take: (reply: MakeReply) => void,
): Promise<void> {
  const writer = new StoreFileWriter(path, sizePx, count);
  const maker = new ImageMaker();
  try {
    for (let request = next(); request; request = next())
      take(await makeInto(writer, maker, sizePx, request));
  } finally {
    writer.close();
    await maker.close();
  }
}

/** Has one thread make images until there is none left. */
function makeInThread(
  input: MakeInput,
  next: () => MakeRequest | null,
  take: (reply: MakeReply) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./make-worker.js', import.meta.url), { workerData: input });
    worker.on('message', (reply: MakeReply) => {
      try {
        take(reply);
        worker.postMessage(next());
      } catch (error) {
        reject(error);
        void worker.terminate();
      }
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve());
    for (let k = 0; k < IN_FLIGHT; k++) worker.postMessage(next());
  });
}
