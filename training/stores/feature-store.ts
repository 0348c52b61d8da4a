// Feature maps of many images in a file: what a trunk gives for each cell of its grid, and how much of the cell is seen.
import { fromHalves, toHalf } from './half-floats.js';
import { isCompleteFile, RecordFile, RecordFileWriter, type RecordKind } from './record-file.js';

/** The sizes of a feature map: cells × cells × channels. */
export interface FeatureShape {
  readonly channels: number;
  /** Along a side. */
  readonly cells: number;
}

/** One image's features. */
export interface FeatureMap extends FeatureShape {
  /** [cells, cells, channels], rows from the north. */
  readonly features: Float32Array;
  /** [cells, cells]: share of a cell's pixels that are seen (not black), 0 to 1. */
  readonly seen: Float32Array;
}

/** `count` feature maps of one shape. */
export interface FeatureStore extends FeatureShape {
  readonly count: number;
  /** Copies map `index` to features[at · cells² · channels …] and seen[at · cells² …]. Throws RangeError. */
  read(index: number, features: Float32Array, seen: Float32Array, at?: number): void;
  /** Changes with anything in it. */
  readonly digest: string;
  close(): void;
}

/** Half floats [cells, cells, channels], then a byte a cell: the share that is seen, in 255ths. */
const FEATURES: RecordKind = {
  magic: 'SKYFIXFT',
  version: 1,
  file: 'feature store',
  record: 'map',
  bytesOf: ([channels, cells]) => cells * cells * (2 * channels + 1),
};

/** A finished feature file. `digest` names what it was made of. Throws DATASET_INVALID where it is missing or damaged. */
export function fileFeatures(path: string, digest: string): FeatureStore {
  const file = new RecordFile(path, FEATURES);
  const [channels, cells] = file.numbers;
  const record = new Uint8Array(file.bytes);
  const window = cells * cells;
  const values = window * channels;
  return {
    channels,
    cells,
    count: file.count,
    digest,
    read: (index, features, seen, at = 0) => {
      if (!Number.isInteger(index) || index < 0 || index >= file.count) {
        throw new RangeError(`There is no map ${index} in a store of ${file.count}.`);
      }
      file.read(index, record, 0);
      fromHalves(
        new Uint16Array(record.buffer, 0, values),
        features.subarray(at * values, (at + 1) * values),
      );
      for (let k = 0; k < window; k++) seen[at * window + k] = (record[2 * values + k] as number) / 255;
    },
    close: () => file.close(),
  };
}

/** True where every map of a finished file was written. Throws DATASET_INVALID. */
export const featuresComplete = (path: string): boolean => isCompleteFile(path, FEATURES);

/** Writes maps into a file that is being made; one half made is gone on with. */
export class FeatureWriter {
  readonly #file: RecordFileWriter;
  readonly #shape: FeatureShape;

  /** Throws DISK_FULL where there is no space for it. */
  constructor(path: string, shape: FeatureShape, count: number) {
    this.#shape = shape;
    this.#file = new RecordFileWriter(path, FEATURES, [shape.channels, shape.cells, 0, 0], count);
  }

  /** Numbers of the maps that are not there yet. */
  missing(): number[] {
    return this.#file.missing();
  }

  /** Throws RangeError for another shape or for a value that is not finite, DISK_FULL. */
  write(index: number, { features, seen }: Pick<FeatureMap, 'features' | 'seen'>): void {
    const { channels, cells } = this.#shape;
    const window = cells * cells;
    if (features.length !== window * channels || seen.length !== window) {
      throw new RangeError(`Map ${index} is not one of ${cells} × ${cells} × ${channels}.`);
    }
    const record = new Uint8Array(window * (2 * channels + 1));
    const halves = new Uint16Array(record.buffer, 0, window * channels);
    for (let k = 0; k < halves.length; k++) {
      const value = features[k] as number;
      if (!Number.isFinite(value)) throw new RangeError(`Map ${index} has a value of ${value}.`);
      halves[k] = toHalf(Math.min(65_504, Math.max(-65_504, value)));
    }
    for (let k = 0; k < window; k++) record[2 * halves.length + k] = Math.round((seen[k] as number) * 255);
    this.#file.write(index, record);
  }

  sync(): void {
    this.#file.sync();
  }

  close(): void {
    this.#file.close();
  }
}

/** Map `index` on its own. Throws RangeError. */
export function featureMapAt(store: FeatureStore, index: number): FeatureMap {
  const { channels, cells } = store;
  const features = new Float32Array(cells * cells * channels);
  const seen = new Float32Array(cells * cells);
  store.read(index, features, seen);
  return { channels, cells, features, seen };
}
