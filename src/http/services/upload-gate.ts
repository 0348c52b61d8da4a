// Uploads have bounds of their own, apart from the queue for work: how many at once, how many from one address, how
// many bytes in memory, how slow. A place is taken by the first byte, so that headers alone hold none, and where
// places run short an upload that stands still gives its own to the one that comes.
import { refusal, SkyfixError } from '../../errors/index.js';
import { type RateLimits, RateWatch } from '../requests/rate-watch.js';

export interface UploadLimits extends RateLimits {
  /** Uploads at once, altogether and from one address. */
  readonly uploads: number;
  readonly perAddress: number;
  /** Of all uploads, from the first byte until they are let go. */
  readonly memoryBytes: number;
  readonly timeoutMs: number;
}

/** A key's uploads are counted by the key, wherever they come from. */
export interface UploadKey {
  readonly name: string;
  /** At once. */
  readonly uploads: number;
}

/** One request's upload; close() exactly once, however it ends. */
export interface OpenUpload {
  /** Counts bytes as they come. Throws UPLOADS_FULL, ADDRESS_BUSY, KEY_BUSY. */
  received(bytes: number): void;
  /** All bytes are here: the place is free, the bytes stay counted. */
  complete(): void;
  /** So many of them are no longer in memory. */
  release(bytes: number): void;
  /** None of them is. */
  close(): void;
}

/** Of the grace time: where places run short, an upload has so long before it may have to give way, and may pause as long. */
const PATIENCE = 0.2;

/** Whose uploads are counted together. */
interface Sender {
  readonly name: string;
  readonly atOnce: number;
  /** What one too many is told. */
  readonly busy: () => SkyfixError;
}

interface Entry {
  readonly sender: Sender;
  readonly end: (reason: SkyfixError) => void;
  readonly startedAt: number;
  lastByteAt: number;
  bytes: number;
  /** Has sent a byte and not yet all. */
  placed: boolean;
}

export class UploadGate {
  readonly limits: UploadLimits;
  readonly #now: () => number;
  readonly #reading = new Set<Entry>();
  readonly #placed = new Set<Entry>();
  readonly #placedOf = new Map<string, number>();
  #bytes = 0;

  /** `now` in milliseconds. */
  constructor(limits: UploadLimits, now: () => number = () => performance.now()) {
    this.limits = limits;
    this.#now = now;
  }

  /** Requests whose upload is awaited or under way. */
  get reading(): number {
    return this.#reading.size;
  }

  /** Uploaded bytes in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Begins an upload from `address`, or with `key`; `end` is called with REQUEST_TOO_SLOW where it has to stop. Throws
   * UPLOADS_FULL, ADDRESS_BUSY or KEY_BUSY where its first byte would find no place: nothing is read for nothing.
   */
  open(address: string, end: (reason: SkyfixError) => void, key?: UploadKey): OpenUpload {
    const sender = key ? senderOfKey(key) : senderOfAddress(address, this.limits.perAddress);
    const refusal = this.#shortOf(sender, 1);
    if (refusal && !this.#idleOne(refusal.of)) throw refusal.error;
    const now = this.#now();
    const entry: Entry = { sender, end, startedAt: now, lastByteAt: now, bytes: 0, placed: false };
    this.#reading.add(entry);
    const { graceMs, timeoutMs } = this.limits;
    const watch = new RateWatch(this.limits, (bytes) =>
      stop(tooSlow(`Only ${bytes} bytes came within ${graceMs} ms.`)),
    );
    const timer = setTimeout(() => stop(tooSlow(`The upload takes longer than ${timeoutMs} ms.`)), timeoutMs);
    timer.unref();
    const leave = () => {
      watch.stop();
      clearTimeout(timer);
      this.#reading.delete(entry);
      this.#unplace(entry);
    };
    const stop = (reason: SkyfixError) => {
      leave();
      end(reason);
    };
    return {
      received: (bytes) => {
        watch.add(bytes);
        this.#take(entry, bytes);
      },
      complete: leave,
      release: (bytes) => this.#release(entry, bytes),
      close: () => {
        leave();
        this.#release(entry, entry.bytes);
      },
    };
  }

  #release(entry: Entry, bytes: number): void {
    const released = Math.min(bytes, entry.bytes);
    this.#bytes -= released;
    entry.bytes -= released;
  }

  #take(entry: Entry, bytes: number): void {
    if (!this.#reading.has(entry)) return;
    this.#makeRoom(entry, bytes);
    if (!entry.placed) {
      entry.placed = true;
      this.#placed.add(entry);
      this.#placedOf.set(entry.sender.name, (this.#placedOf.get(entry.sender.name) ?? 0) + 1);
    }
    entry.bytes += bytes;
    entry.lastByteAt = this.#now();
    this.#bytes += bytes;
  }

  #unplace(entry: Entry): void {
    if (!this.#placed.delete(entry)) return;
    const left = (this.#placedOf.get(entry.sender.name) ?? 1) - 1;
    if (left === 0) this.#placedOf.delete(entry.sender.name);
    else this.#placedOf.set(entry.sender.name, left);
  }

  /** Ends standing uploads until the bytes fit, or throws. */
  #makeRoom(entry: Entry, bytes: number): void {
    for (;;) {
      const refusal = entry.placed ? this.#shortOfMemory(bytes) : this.#shortOf(entry.sender, bytes);
      if (!refusal) return;
      const idle = this.#idleOne(refusal.of, entry);
      if (!idle) throw refusal.error;
      this.#bytes -= idle.bytes;
      idle.bytes = 0;
      this.#reading.delete(idle);
      this.#unplace(idle);
      idle.end(tooSlow('Others needed the place of an upload that stood still.'));
    }
  }

  /** What a newcomer of `sender` lacks, and among whose uploads it may be found. */
  #shortOf({ name, atOnce, busy }: Sender, bytes: number): { error: SkyfixError; of?: string } | undefined {
    const { uploads } = this.limits;
    if ((this.#placedOf.get(name) ?? 0) >= atOnce) return { error: busy(), of: name };
    if (this.#placed.size >= uploads) {
      return { error: refusal('UPLOADS_FULL', `${uploads} uploads are under way.`) };
    }
    return this.#shortOfMemory(bytes);
  }

  #shortOfMemory(bytes: number): { error: SkyfixError; of?: string } | undefined {
    if (this.#bytes + bytes <= this.limits.memoryBytes) return undefined;
    return { error: refusal('UPLOADS_FULL', `Uploads of ${this.#bytes} bytes are in memory.`) };
  }

  /** The slowest upload that pauses, or that is under the rate; past the patience both. */
  #idleOne(sender?: string, except?: Entry): Entry | undefined {
    const now = this.#now();
    const patienceMs = this.limits.graceMs * PATIENCE;
    const rateOf = ({ bytes, startedAt }: Entry) => (bytes * 1000) / (now - startedAt);
    const idle = [...this.#placed].filter(
      (entry) =>
        entry !== except &&
        (sender === undefined || entry.sender.name === sender) &&
        now - entry.startedAt >= patienceMs &&
        (now - entry.lastByteAt >= patienceMs || rateOf(entry) < this.limits.minBytesPerSecond),
    );
    if (idle.length === 0) return undefined;
    return idle.reduce((slowest, next) => (rateOf(next) < rateOf(slowest) ? next : slowest));
  }
}

function senderOfAddress(address: string, atOnce: number): Sender {
  const busy = () => refusal('ADDRESS_BUSY', `${atOnce} uploads from this address are under way.`);
  return { name: address, atOnce, busy };
}

function senderOfKey({ name, uploads }: UploadKey): Sender {
  const busy = () => refusal('KEY_BUSY', `${uploads} uploads with the key "${name}" are under way.`);
  return { name: `key ${name}`, atOnce: uploads, busy };
}

function tooSlow(detail: string): SkyfixError {
  return new SkyfixError('REQUEST_TOO_SLOW', detail);
}
