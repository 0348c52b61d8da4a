// One process at a time works in a folder. Each that wants to writes a file of its own (owned-file.ts) and has the folder
// when, looking afterwards, it sees no other living one: of two that try at once at least one sees the other, so never
// both have it. No file is ever taken over, so there is no moment at which two could take over the same one.
import { rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { SkyfixError } from '../errors/index.js';
import { createOwnedFile, type FoundOwner, listOwners, type OwnedFile } from './owned-file.js';

export interface FolderLockOptions {
  /** What is locked; one folder may hold locks of several kinds: KIND.TOKEN.lock. */
  readonly kind: string;
  /** How long to wait for a living owner; 0. */
  readonly waitMs?: number | undefined;
  /** See OwnedFileOptions. */
  readonly silentMs?: number | undefined;
  /** Told once whom it waits for. */
  readonly onWait?: ((owner: string) => void) | undefined;
}

export interface FolderLock {
  /** Throws FOLDER_BUSY where another process took this one for dead: to be asked before what must not happen twice. */
  assertHeld(): Promise<void>;
  release(): Promise<void>;
}

const POLL_MS = 50;
/** Time in which one of several that try at once has the folder, whatever `waitMs` is. */
const LEAST_WAIT_MS = 500;

/**
 * Takes the folder, which must exist. The lock dies with its owner: that of a process which is gone counts at once; that
 * of one on another host or in another container when it has not been touched for `silentMs`, as watched by this
 * process's own clock. Throws FOLDER_BUSY where a living owner keeps it longer than `waitMs`.
 */
export async function lockFolder(dir: string, options: FolderLockOptions): Promise<FolderLock> {
  const { kind, waitMs = 0, silentMs, onWait } = options;
  const startedMs = performance.now();
  const watch = new SilenceWatch();
  let own: OwnedFile | undefined;
  let waitingFor = '';
  try {
    for (;;) {
      let others = await watch.living(dir, kind, own);
      if (others.length === 0) {
        own ??= await createOwnedFile(dir, { kind, silentMs });
        others = await watch.living(dir, kind, own);
      }
      const [first] = others;
      if (!first) return held(own as OwnedFile, dir);
      // Of several that try at once the one with the lowest token stays in line, the others make room.
      if (own && others.some(({ token }) => token < (own as OwnedFile).token)) {
        await own.release();
        own = undefined;
      }
      const living = others.find((owner) => owner.liveness === 'alive' || watch.seenBeating(owner));
      if (living && performance.now() - startedMs > Math.max(waitMs, LEAST_WAIT_MS))
        throw busy(dir, living.name, living.path);
      if (waitingFor === '') onWait?.(first.name);
      waitingFor = first.name;
      await pause(POLL_MS);
    }
  } catch (error) {
    await own?.release();
    throw error;
  }
}

function held(own: OwnedFile, dir: string): FolderLock {
  return {
    assertHeld: async () => {
      if (!(await own.held())) throw busy(dir, 'another process, which took this one for dead', own.path);
    },
    release: () => own.release(),
  };
}

function busy(dir: string, owner: string, path: string): SkyfixError {
  return new SkyfixError('FOLDER_BUSY', `${dir} is in use by ${owner} (${path}).`);
}

/** Which owners live: by looking their process up, else by watching whether their file is touched. */
class SilenceWatch {
  readonly #seen = new Map<string, { touchedAtMs: number; sinceMs: number; beating: boolean }>();

  /** All but `own`; files of dead ones are removed. */
  async living(dir: string, kind: string, own: OwnedFile | undefined): Promise<FoundOwner[]> {
    const living: FoundOwner[] = [];
    for (const owner of await listOwners(dir, kind)) {
      if (owner.token === own?.token) continue;
      const dead = owner.liveness === 'dead' || (owner.liveness === 'unknown' && this.#silent(owner));
      if (dead) await rm(owner.path, { force: true });
      else living.push(owner);
    }
    return living;
  }

  seenBeating({ token }: FoundOwner): boolean {
    return this.#seen.get(token)?.beating === true;
  }

  #silent({ token, touchedAtMs, silentMs }: FoundOwner): boolean {
    const nowMs = performance.now();
    const before = this.#seen.get(token);
    if (before?.touchedAtMs !== touchedAtMs) {
      this.#seen.set(token, { touchedAtMs, sinceMs: nowMs, beating: before !== undefined });
      return false;
    }
    return nowMs - before.sinceMs > silentMs;
  }
}
