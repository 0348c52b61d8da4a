// The keys that a running server takes, read again whenever their file changes; a broken file leaves those it had.
import { timingSafeEqual } from 'node:crypto';
import { unwatchFile, watchFile } from 'node:fs';
import { type ApiKey, digestOf, readKeys } from './key-file.js';

/** By name, what a reload changed. */
export interface KeyChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Same name; another key, scopes, limits or end. */
  readonly changed: readonly string[];
}

/** Looking at the file, not waiting to be told: mounted secrets and network folders tell nobody. */
const LOOK_EVERY_MS = 2_000;

export class KeyRing {
  readonly #path: string;
  #keys: readonly ApiKey[];
  #look: (() => void) | undefined;

  private constructor(path: string, keys: readonly ApiKey[]) {
    this.#path = path;
    this.#keys = keys;
  }

  /** Throws KEYS_INVALID: a server must not start without the keys it was told to ask for. */
  static async open(path: string): Promise<KeyRing> {
    return new KeyRing(path, await readKeys(path));
  }

  get size(): number {
    return this.#keys.length;
  }

  /** The key with this text; every one is compared, whichever matches, in a time that tells nothing. */
  find(text: string): ApiKey | undefined {
    const digest = digestOf(text);
    const matching = this.#keys.filter(({ sha256 }) => timingSafeEqual(digest, Buffer.from(sha256, 'hex')));
    return matching[0];
  }

  /** Throws KEYS_INVALID; the keys from before are then taken on. */
  async reload(): Promise<KeyChanges> {
    const before = new Map(this.#keys.map((key) => [key.name, JSON.stringify(key)]));
    const keys = await readKeys(this.#path);
    this.#keys = keys;
    const now = new Map(keys.map((key) => [key.name, JSON.stringify(key)]));
    return {
      added: [...now.keys()].filter((name) => !before.has(name)),
      removed: [...before.keys()].filter((name) => !now.has(name)),
      changed: [...now].filter(([name, key]) => (before.get(name) ?? key) !== key).map(([name]) => name),
    };
  }

  /** Calls `changed` whenever the file is another one, until close(). */
  watch(changed: () => void, everyMs = LOOK_EVERY_MS): void {
    this.close();
    this.#look = changed;
    watchFile(this.#path, { interval: everyMs, persistent: false }, changed);
  }

  close(): void {
    if (this.#look) unwatchFile(this.#path, this.#look);
    this.#look = undefined;
  }
}
