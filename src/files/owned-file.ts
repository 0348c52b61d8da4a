// Files that say which process they belong to, e.g. "region town is being published by process 12". One that is killed
// leaves its file behind; whoever lists them sees that the owner is gone. Owners on other hosts or in other containers
// cannot be looked up: their files are touched every few seconds, and one that stays silent is taken for dead.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asDiskError } from '../errors/index.js';
import { type Liveness, livenessOf, ownIdentity, type ProcessIdentity } from './process-identity.js';

const BEAT_EVERY_MS = 5000;
/** Six beats. */
const SILENT_MS = 30_000;
const TOKEN = /^[0-9a-f]{16}$/;

export interface OwnedFile {
  readonly path: string;
  readonly token: string;
  /** False where somebody took this process for dead and removed the file. */
  held(): Promise<boolean>;
  release(): Promise<void>;
}

export interface OwnedFileOptions {
  /** First part of the name: KIND.TOKEN.lock. */
  readonly kind: string;
  /** What others are to know, e.g. { version }. */
  readonly details?: Readonly<Record<string, string>> | undefined;
  /** After how long without a touch others may take this process for dead; more where its event loop is blocked for long. */
  readonly silentMs?: number | undefined;
}

interface OwnerRecord extends ProcessIdentity {
  readonly silentMs: number;
  readonly details: Readonly<Record<string, string>>;
}

export interface FoundOwner {
  readonly path: string;
  readonly token: string;
  readonly liveness: Liveness;
  readonly touchedAtMs: number;
  readonly silentMs: number;
  readonly details: Readonly<Record<string, string>>;
  /** "process 12", "process 12 on host a", for people. */
  readonly name: string;
}

/** Writes DIR/KIND.TOKEN.lock in one step, complete. Throws DISK_FULL, NOT_WRITABLE. */
export async function createOwnedFile(dir: string, options: OwnedFileOptions): Promise<OwnedFile> {
  const { kind, details = {}, silentMs = SILENT_MS } = options;
  const token = randomBytes(8).toString('hex');
  const path = join(dir, `${kind}.${token}.lock`);
  const temporary = `${path}.tmp`;
  const record: OwnerRecord = { ...ownIdentity(), silentMs, details };
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, 'w');
    await file.writeFile(JSON.stringify(record));
    await rename(temporary, path);
  } catch (error) {
    await file?.close();
    await rm(temporary, { force: true }).catch(() => {});
    throw asDiskError(error, path);
  }
  const stopBeating = beat(file);
  return {
    path,
    token,
    held: async () => (await stat(path).catch(() => undefined)) !== undefined,
    release: async () => {
      await stopBeating();
      await rm(path, { force: true });
    },
  };
}

/** Touches the open file, not its name: should the name be gone, nobody else's file is touched. */
function beat(file: FileHandle): () => Promise<void> {
  let touching: Promise<void> | undefined;
  const timer = setInterval(() => {
    const now = new Date();
    touching ??= file
      .utimes(now, now)
      .catch(() => {})
      .finally(() => {
        touching = undefined;
      });
  }, BEAT_EVERY_MS).unref();
  return async () => {
    clearInterval(timer);
    await touching;
    await file.close().catch(() => {});
  };
}

/** The files of that kind in a folder with what is known of their owners, by token; none where there is no folder. */
export async function listOwners(dir: string, kind: string): Promise<FoundOwner[]> {
  const self = ownIdentity();
  const found: FoundOwner[] = [];
  for (const file of (await namesIn(dir)).sort()) {
    const token = file.slice(kind.length + 1, -'.lock'.length);
    if (file !== `${kind}.${token}.lock` || !TOKEN.test(token)) continue;
    const path = join(dir, file);
    try {
      const { mtimeMs: touchedAtMs } = await stat(path);
      const record = parseRecord(await readFile(path, 'utf8'));
      const liveness = record ? livenessOf(record, self) : 'unknown';
      const { silentMs = SILENT_MS, details = {} } = record ?? {};
      found.push({ path, token, liveness, touchedAtMs, silentMs, details, name: nameOf(record, self) });
    } catch (error) {
      // Released since the folder was read.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return found;
}

/** Removes what owners that are gone left in a folder, of every kind, half-written files included. */
export async function removeDeadOwners(dir: string, nowMs = Date.now()): Promise<void> {
  const self = ownIdentity();
  for (const file of await namesIn(dir)) {
    if (!/\.[0-9a-f]{16}\.lock(\.tmp)?$/.test(file)) continue;
    const path = join(dir, file);
    const record = parseRecord(await readFile(path, 'utf8').catch(() => ''));
    const written = await stat(path).catch(() => undefined);
    const unwritten = !record && written && Math.abs(nowMs - written.mtimeMs) > SILENT_MS;
    if (unwritten || (record && livenessOf(record, self) === 'dead')) await rm(path, { force: true });
  }
}

/** Undefined for a file that is not whole, e.g. after the power failed. */
function parseRecord(text: string): OwnerRecord | undefined {
  try {
    const record = JSON.parse(text) as OwnerRecord;
    return typeof record?.host === 'string' && Number.isFinite(record.silentMs) ? record : undefined;
  } catch {
    return undefined;
  }
}

function nameOf(record: OwnerRecord | undefined, self: ProcessIdentity): string {
  if (!record) return 'a process that left no name';
  if (record.host !== self.host) return `process ${record.pid} on host ${record.host}`;
  return `process ${record.pid}${record.pidNamespace === self.pidNamespace ? '' : ' of another container'}`;
}

async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
