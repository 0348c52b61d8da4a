// Image stores that are made once, in worker threads, and kept in a cache folder. Images go straight from a thread to
// the file; a file that was not finished is gone on with.
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { sha256OfBytes, syncFolder } from 'skyfix/files';
import { type Problem, refuse } from '../datasets/index.js';
import { fileOfJob, type ImageJob, PIXELS_VERSION } from './image-jobs.js';
import { fileStore, type ImageStore } from './image-store.js';
import { StoreFileWriter } from './store-file.js';
import { asCodedError, type ErrorMessage } from './thread-errors.js';

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
  /** Threads that make images; one a core unless told. */
  readonly threads?: number;
  readonly onProgress?: Progress;
}

export interface MakeInput {
  readonly path: string;
  readonly sizePx: number;
  readonly count: number;
}

/** An image to make, its number in the store. */
export interface MakeRequest {
  readonly index: number;
  readonly job: ImageJob;
}

export interface MakeReply {
  readonly index: number;
  /** Absent where the image is in the file. */
  readonly error?: ErrorMessage;
}

/** Jobs that a thread has at a time: one decodes while the other is projected. */
const IN_FLIGHT = 2;
/** A thread takes a third of a second to start: so many images make it worth while. */
const IMAGES_A_THREAD = 12;
/** More failures than this end the work: something is wrong with all of it. */
const MOST_FAILURES = 100;

/**
 * The store of these jobs' images, sizePx a side, from the cache or made now. Its key holds the jobs, size, time and
 * path of every file they read, and the version of the code. Throws DATASET_INVALID that names file and line of images
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
  const file = await open(partial, 'r+');
  await file.sync().finally(() => file.close());
  await rename(partial, path);
  await syncFolder(options.cacheDir);
  return fileStore(path);
}

function openFinished(path: string, sizePx: number, count: number): ImageStore | undefined {
  try {
    const store = fileStore(path);
    if (store.sizePx === sizePx && store.count === count) return store;
    store.close();
  } catch {
    // Not there, or damaged: it is made again.
  }
  return undefined;
}

/** Path, size and time of change of every file that the jobs read. */
async function filesOf(jobs: readonly ListedJob[]): Promise<readonly (readonly [string, number, number])[]> {
  const paths = [...new Set(jobs.map(({ job }) => fileOfJob(job)))];
  const files: (readonly [string, number, number])[] = [];
  const next = paths.entries();
  const look = async (): Promise<void> => {
    for (const [k, path] of next) {
      const found = await stat(path).catch(() => undefined);
      files[k] = [path, found?.size ?? -1, found?.mtimeMs ?? -1];
    }
  };
  await Promise.all(Array.from({ length: 16 }, look));
  return files;
}

/** Has threads make the missing images; returns what failed, in the order of the jobs. */
async function makeImages(
  jobs: readonly ListedJob[],
  missing: readonly number[],
  input: MakeInput,
  { threads = availableParallelism(), onProgress }: CacheOptions,
): Promise<readonly Problem[]> {
  const failures = new Map<number, Problem>();
  const queue = missing.values();
  let done = jobs.length - missing.length;
  let stopped = false;
  const nextRequest = (): MakeRequest | null => {
    if (stopped || failures.size >= MOST_FAILURES) return null;
    for (const index of queue) return { index, job: (jobs[index] as ListedJob).job };
    return null;
  };
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./make-worker.js', import.meta.url), { workerData: input });
      const fail = (error: unknown): void => {
        stopped = true;
        reject(error);
        void worker.terminate();
      };
      worker.on('message', ({ index, error }: MakeReply) => {
        if (error?.code === 'DISK_FULL') return fail(asCodedError(error));
        const { job, listedAt } = jobs[index] as ListedJob;
        if (error) {
          const detail = `${fileOfJob(job)} cannot be used: ${error.message}`;
          failures.set(index, { reason: 'unreadable-image', where: listedAt, detail });
        } else onProgress?.(++done, jobs.length);
        worker.postMessage(nextRequest());
      });
      worker.on('error', fail);
      worker.on('exit', () => resolve());
      for (let k = 0; k < IN_FLIGHT; k++) worker.postMessage(nextRequest());
    });
  const count = Math.max(1, Math.min(threads, Math.ceil(missing.length / IMAGES_A_THREAD)));
  if (missing.length > 0) await Promise.all(Array.from({ length: count }, run));
  return [...failures].sort(([a], [b]) => a - b).map(([, problem]) => problem);
}
