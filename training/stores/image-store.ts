// Where images of one size wait for training without lying in memory: a block of bytes, a file, rows of another
// store, or two stores one behind the other. Threads reopen a store from its handle.

import { crc32 } from 'node:zlib';
import { sha256OfBytes } from 'skyfix/files';
import type { RgbImage } from 'skyfix/geometry';
import type { ImageSet } from './image-set.js';
import { sharedBytes } from './shared-bytes.js';
import { StoreFile } from './store-file.js';

/** `count` RGB images of sizePx x sizePx. */
export interface ImageStore {
  readonly sizePx: number;
  readonly count: number;
  /**
   * Copies image `index`, [sizePx, sizePx, 3] bytes, to out[at...]: a positioned read, done when it returns. Throws
   * RangeError.
   */
  read(index: number, out: Uint8Array, at?: number): void;
  /** One number an image that changes with its pixels. */
  checksums(): Uint32Array;
  /** What another thread needs to open the same store; can be cloned. */
  handle(): StoreHandle;
  /** Closes open files. They are opened again where the store is read again. */
  close(): void;
}

/** A store as a message to another thread; a memory store's bytes are shared and not copied. */
export type StoreHandle =
  | { readonly kind: 'memory'; readonly sizePx: number; readonly count: number; readonly data: Uint8Array }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'select'; readonly of: StoreHandle; readonly rows: Uint32Array }
  | { readonly kind: 'join'; readonly parts: readonly StoreHandle[] }
  | ({ readonly kind: 'crop'; readonly of: StoreHandle } & StoreCrop);

/** A square of a store's images. */
export interface StoreCrop {
  readonly leftPx: number;
  readonly topPx: number;
  readonly sizePx: number;
}

/** Bytes of one image of a store. */
export function bytesPerImage({ sizePx }: Pick<ImageStore, 'sizePx'>): number {
  return sizePx * sizePx * 3;
}

/** A set in memory as a store. Its bytes are moved to shared memory when a thread first asks for them. */
export function memoryStore(set: ImageSet): ImageStore {
  let { data } = set;
  const bytes = bytesPerImage(set);
  return {
    sizePx: set.sizePx,
    count: set.count,
    read: (index, out, at = 0) => {
      checkIndex(index, set.count);
      out.set(data.subarray(index * bytes, (index + 1) * bytes), at);
    },
    checksums: () =>
      Uint32Array.from({ length: set.count }, (_, k) => crc32(data.subarray(k * bytes, (k + 1) * bytes))),
    handle: () => {
      data = sharedBytes(data);
      return { kind: 'memory', sizePx: set.sizePx, count: set.count, data };
    },
    close: () => {},
  };
}

/** A finished store file. Throws DATASET_INVALID where it is missing, damaged or of another version. */
export function fileStore(path: string): ImageStore {
  const file = new StoreFile(path);
  return {
    sizePx: file.sizePx,
    count: file.count,
    read: (index, out, at = 0) => {
      checkIndex(index, file.count);
      file.read(index, out, at);
    },
    checksums: () => file.checksums.slice(),
    handle: () => ({ kind: 'file', path }),
    close: () => file.close(),
  };
}

/** The images with these numbers, in this order, some perhaps more than once. */
export function selectStore(store: ImageStore, rows: readonly number[] | Uint32Array): ImageStore {
  const own = Uint32Array.from(rows);
  for (const row of rows) checkIndex(row, store.count);
  return {
    sizePx: store.sizePx,
    count: own.length,
    read: (index, out, at) => {
      checkIndex(index, own.length);
      store.read(own[index] as number, out, at);
    },
    checksums: () => {
      const all = store.checksums();
      return own.map((row) => all[row] as number);
    },
    handle: () => ({ kind: 'select', of: store.handle(), rows: own }),
    close: () => store.close(),
  };
}

/** One store behind the other, all of one size. */
export function joinStores(...stores: readonly ImageStore[]): ImageStore {
  const [first] = stores;
  if (!first) throw new RangeError('There is no store to join.');
  for (const { sizePx } of stores) {
    if (sizePx !== first.sizePx) {
      throw new RangeError(`Images of ${first.sizePx} and ${sizePx} px cannot be joined.`);
    }
  }
  const count = stores.reduce((sum, store) => sum + store.count, 0);
  return {
    sizePx: first.sizePx,
    count,
    read: (index, out, at) => {
      checkIndex(index, count);
      let row = index;
      for (const store of stores) {
        if (row < store.count) return store.read(row, out, at);
        row -= store.count;
      }
    },
    checksums: () => Uint32Array.from(stores.flatMap((store) => [...store.checksums()])),
    handle: () => ({ kind: 'join', parts: stores.map((store) => store.handle()) }),
    close: () => {
      for (const store of stores) store.close();
    },
  };
}

/** The same square of every image. */
export function cropStore(store: ImageStore, { leftPx, topPx, sizePx }: StoreCrop): ImageStore {
  if (leftPx < 0 || topPx < 0 || Math.max(leftPx, topPx) + sizePx > store.sizePx) {
    throw new RangeError(
      `A crop of ${sizePx} px at ${leftPx},${topPx} leaves an image of ${store.sizePx} px.`,
    );
  }
  if (sizePx === store.sizePx) return store;
  const whole = new Uint8Array(bytesPerImage(store));
  return {
    sizePx,
    count: store.count,
    read: (index, out, at = 0) => {
      store.read(index, whole);
      for (let row = 0; row < sizePx; row++) {
        const from = ((topPx + row) * store.sizePx + leftPx) * 3;
        out.set(whole.subarray(from, from + sizePx * 3), at + row * sizePx * 3);
      }
    },
    checksums: () => store.checksums().map((sum) => crc32(Buffer.from([sum, leftPx, topPx, sizePx].join()))),
    handle: () => ({ kind: 'crop', of: store.handle(), leftPx, topPx, sizePx }),
    close: () => store.close(),
  };
}

/** The middle sizePx x sizePx of every image. */
export function centreStore(store: ImageStore, sizePx: number): ImageStore {
  const margin = (store.sizePx - sizePx) >> 1;
  return cropStore(store, { leftPx: margin, topPx: margin, sizePx });
}

/** Opens in any thread what `handle()` names. */
export function openStore(handle: StoreHandle): ImageStore {
  switch (handle.kind) {
    case 'memory':
      return memoryStore(handle);
    case 'file':
      return fileStore(handle.path);
    case 'select':
      return selectStore(openStore(handle.of), handle.rows);
    case 'join':
      return joinStores(...handle.parts.map(openStore));
    case 'crop':
      return cropStore(openStore(handle.of), handle);
  }
}

/** Image `index` as a picture, without marginPx on every side. */
export function imageOfStore(store: ImageStore, index: number, marginPx = 0): RgbImage {
  const sizePx = store.sizePx - 2 * marginPx;
  const own = marginPx > 0 ? centreStore(store, sizePx) : store;
  const data = new Uint8Array(bytesPerImage(own));
  own.read(index, data);
  return { widthPx: sizePx, heightPx: sizePx, data };
}

/** Images start..start+count of a store as a set in memory; all of them without numbers. */
export function readImages(store: ImageStore, start = 0, count = store.count - start): ImageSet {
  const bytes = bytesPerImage(store);
  const data = new Uint8Array(count * bytes);
  for (let k = 0; k < count; k++) store.read(start + k, data, k * bytes);
  return { sizePx: store.sizePx, count, data };
}

/** A digest of all pixels of a store, from its checksums. */
export function digestOfStore(store: ImageStore): string {
  const sums = store.checksums();
  return sha256OfBytes(
    `${store.sizePx} ${store.count} ${sha256OfBytes(new Uint8Array(sums.buffer, sums.byteOffset, sums.byteLength))}`,
  );
}

function checkIndex(index: number, count: number): void {
  if (Number.isInteger(index) && index >= 0 && index < count) return;
  throw new RangeError(`There is no image ${index} in a store of ${count}.`);
}
