// A graph by usearch, in this thread: made for regions that are too large for the memory, since its file, with vectors of 32,
// 16 or 8 bits in it, is mapped and not read.
import { createRequire } from 'node:module';
import { messageOf } from '../errors/index.js';
import type { DescriptorShape } from './descriptor-format.js';
import type { Descriptors } from './descriptors.js';
import type { Graph } from './graph.js';
import { HugePages } from './huge-pages.js';
import type { GraphOptions, GraphPrecision } from './index-requests.js';
import type { RowSet } from './row-set.js';
import { checkUsearchFile } from './usearch-file.js';

/** What is used of the package here. It is optional: where there is no binary of it, regions that need it are refused. */
interface Usearch {
  readonly Index: new (config: {
    readonly dimensions: number;
    readonly metric: 'ip';
    readonly quantization: GraphPrecision;
    readonly connectivity: number;
    readonly expansion_add: number;
    readonly expansion_search: number;
    readonly multi: boolean;
  }) => UsearchIndex;
}

interface UsearchIndex {
  add(keys: BigUint64Array, vectors: Float32Array, threads: number): void;
  search(query: Float32Array, k: number, threads: number): { readonly keys: BigUint64Array };
  save(path: string): void;
  view(path: string): void;
  size(): number | bigint;
  dimensions(): number | bigint;
}

const NAME = 'usearch';

function usearch(): Usearch {
  try {
    return createRequire(import.meta.url)(NAME) as Usearch;
  } catch (error) {
    const [why = ''] = messageOf(error).split('\n');
    throw new Error(
      `the package ${NAME} cannot be loaded (${why}); it has binaries for Linux (glibc) and macOS, and regions built with ` +
        '--engine hnswlib do without it',
    );
  }
}

/** Added between two reports of a build. */
const ADDED_ROWS = 256;

/** Writes the graph of all descriptors to `path`; reports the vectors added so far. */
export function buildUsearch(
  { count, dimensions, data }: Descriptors,
  { m, efConstruction, precision = 'f32' }: GraphOptions,
  path: string,
  report: (done: number) => void,
): void {
  const index = openUsearch(dimensions, { m, efConstruction, efSearch: efConstruction, precision });
  const pages = new HugePages();
  for (let from = 0; from < count; from += ADDED_ROWS) {
    const many = Math.min(ADDED_ROWS, count - from);
    const keys = BigUint64Array.from({ length: many }, (_, k) => BigInt(from + k));
    // Copied: the library takes no shared memory. One thread, so that the same descriptors make the same graph.
    index.add(keys, data.slice(from * dimensions, (from + many) * dimensions), 1);
    // It takes memory as it grows, each piece twice as large as the one before.
    pages.ask();
    report(from + many);
  }
  if (Number(index.size()) !== count) throw new Error(`usearch holds ${index.size()} of ${count} vectors`);
  index.save(path);
}

/** Filters are not known to the library: so many times as many rows are asked for as would do if they lay evenly. */
const SPARE = 2;
/** A filter that lets less through than one of so many rows is left to whoever compares them all. */
const MOST_TIMES = 32;
/** Where too few of the rows near a query pass, so many times as many are looked at, up to so many rows. */
const MORE_TIMES = 4;
const MOST_NEAR = 8192;

/**
 * Maps the file. Throws where it is not a whole usearch file of these descriptors' number, dimensions and precision, whose
 * links lead to vectors that there are: the library itself would believe it.
 */
export function loadUsearch(
  path: string,
  shape: DescriptorShape,
  { m, efSearch, precision = 'f32' }: Pick<GraphOptions, 'm' | 'precision'> & { readonly efSearch: number },
): Graph {
  const { count, dimensions } = shape;
  checkUsearchFile(path, { ...shape, precision, m });
  const index = openUsearch(dimensions, { m, efConstruction: 64, efSearch, precision });
  index.view(path);
  if (Number(index.size()) !== count || Number(index.dimensions()) !== dimensions) {
    throw new Error(
      `usearch says ${index.size()} x ${index.dimensions()}, the descriptors are ${count} x ${dimensions}`,
    );
  }
  const rowsNear = (query: Float32Array, k: number): number[] => {
    const rows = Array.from(index.search(query, k, 1).keys, Number);
    const wrong = rows.find((row) => !(row < count));
    if (wrong !== undefined) throw new Error(`usearch names row ${wrong} of ${count}`);
    return rows;
  };
  return {
    // As many as it keeps anyway: its own order is that of rounded vectors.
    nearest(query, k, effort, allowed) {
      const wanted = Math.min(count, Math.max(k, effort));
      return allowed ? nearestAllowed(rowsNear, query, wanted, allowed, count) : rowsNear(query, wanted);
    },
  };
}

function nearestAllowed(
  rowsNear: (query: Float32Array, k: number) => number[],
  query: Float32Array,
  k: number,
  { length, bits }: RowSet,
  count: number,
): number[] {
  const times = (SPARE * count) / length;
  if (times > MOST_TIMES) return [];
  let passed: number[] = [];
  for (let many = Math.ceil(k * times); many <= count; many *= MORE_TIMES) {
    passed = rowsNear(query, many).filter((row) => ((bits[row >> 3] as number) & (1 << (row & 7))) !== 0);
    if (passed.length >= k || many * MORE_TIMES > MOST_NEAR) break;
  }
  return passed;
}

function openUsearch(
  dimensions: number,
  {
    m,
    efConstruction,
    efSearch,
    precision,
  }: {
    readonly m: number;
    readonly efConstruction: number;
    readonly efSearch: number;
    readonly precision: GraphPrecision;
  },
): UsearchIndex {
  return new (usearch().Index)({
    dimensions,
    metric: 'ip',
    quantization: precision,
    connectivity: m,
    expansion_add: efConstruction,
    expansion_search: efSearch,
    multi: false,
  });
}
