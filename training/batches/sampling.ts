// Which rows make a batch, as strong systems choose them (Sample4Geo, Deuser et al. 2023): look-alikes share a batch,
// rows of one place never do: each would be the other's false negative.
import { makeRng, shuffled } from 'skyfix/random';

const ORDER_STREAM = 7_300_000;
const MIX_STREAM = 7_400_000;
const PASS_STREAM = 7_500_000;

/** Look-alikes that a row brings into its batch: near ones by GPS, or mined ones. */
export interface Neighbours {
  /** For each row other rows, hardest first. */
  readonly lists: readonly ArrayLike<number>[];
  /** A row and its neighbours are so many rows at most; 1 leaves the order a plain shuffle. */
  readonly groupSize: number;
  /** Only so many of a row's list are looked at; all by default. */
  readonly range?: number;
  /**
   * Share of the neighbours that are the hardest ones; the others are drawn from the range. Sample4Geo: 0.5. With 0 all
   * are drawn, for lists in no order of hardness.
   */
  readonly hardestShare?: number;
}

export interface EpochOptions {
  /** Rows are 0..count-1. */
  readonly count: number;
  readonly batch: number;
  /** For each row those of its place (symmetric); whether it names itself does not matter. By default none are. */
  readonly same?: readonly (readonly number[])[];
  readonly neighbours?: Neighbours;
  readonly seed: number;
  readonly epoch: number;
}

/**
 * The batches of an epoch, all full, in which every row comes once at most and no two of one place share a batch. Rows that
 * fill no batch are left out of this epoch (others in the next). Where not even one batch can be filled it is one smaller
 * batch.
 */
export function epochBatches(options: EpochOptions): number[][] {
  const { count, batch, same, neighbours, seed, epoch } = options;
  const rng = makeRng(seed, ORDER_STREAM + epoch);
  const order = shuffled(count, rng);
  const used = new Uint8Array(count);
  const batches: number[][] = [];
  let waiting: number[] = [];
  let next = 0;
  for (;;) {
    const rows: number[] = [];
    const taken = new Set<number>(); // rows whose place is in the batch
    const later: number[] = [];
    const fits = (row: number): boolean => used[row] === 0 && !taken.has(row);
    const add = (row: number): void => {
      used[row] = 1;
      rows.push(row);
      for (const other of same?.[row] ?? []) taken.add(other);
    };
    const offer = (row: number): void => {
      if (used[row] !== 0) return;
      if (rows.length === batch || !fits(row)) {
        later.push(row);
        return;
      }
      add(row);
      if (!neighbours) return;
      for (const other of lookAlikes(row, neighbours, fits, (n) => shuffled(n, rng))) {
        if (rows.length < batch && fits(other)) add(other);
      }
    };
    for (const row of waiting) offer(row);
    while (rows.length < batch && next < count) offer(order[next++] as number);
    if (rows.length < batch) {
      if (batches.length === 0 && rows.length > 0) batches.push(rows);
      return batches;
    }
    batches.push(rows);
    waiting = later;
  }
}

/** The neighbours to bring: the hardest ones that fit, then others drawn from the range. */
function lookAlikes(
  row: number,
  { lists, groupSize, range = Number.POSITIVE_INFINITY, hardestShare = 0.5 }: Neighbours,
  fits: (row: number) => boolean,
  orderOf: (count: number) => number[],
): number[] {
  const wanted = groupSize - 1;
  if (wanted <= 0) return [];
  const candidates = Array.from(lists[row] ?? [])
    .slice(0, range)
    .filter(fits);
  const hardest = candidates.slice(0, Math.ceil(wanted * hardestShare));
  const others = candidates.slice(hardest.length);
  const drawn = orderOf(others.length).slice(0, wanted - hardest.length);
  return [...hardest, ...drawn.map((k) => others[k] as number)];
}

export interface MixOptions<Pair> {
  /** Labelled rows that come first, e.g. the step's batch of an EpochSampler; by default passes in random order. */
  readonly first?: readonly number[];
  /** Labelled rows of each labelled row's place, by row number, as in EpochOptions. */
  readonly same?: readonly (readonly number[])[];
  /** Whether a selected pair may be of a labelled row's place: they share no batch. By default none is. */
  readonly meets?: (row: number, pair: Pair) => boolean;
  /** Selected pairs at most; half of the batch by default. */
  readonly most?: number;
}

export interface MixedBatch<Pair> {
  readonly labelled: number[];
  readonly selected: Pair[];
}

/**
 * A batch of Algorithm 1's step 4: half (or `most`) selected, the others labelled; where fewer are selected, more
 * labelled ones fill it up.
 * No row, no place and no view comes twice, so a batch is smaller where too few are there; of a labelled row and a selected
 * pair that meet, the pair gives way to one of the step's own rows, and a row that would only fill up to the pair. A function
 * of (step, seed).
 */
export function mixedBatch<Pair extends { readonly view: number }>(
  step: number,
  labelled: readonly number[],
  selected: readonly Pair[],
  batch: number,
  seed: number,
  { first, same, meets, most = batch >> 1 }: MixOptions<Pair> = {},
): MixedBatch<Pair> {
  const rng = makeRng(seed, MIX_STREAM + step);
  const rows: number[] = [];
  const pairs: Pair[] = [];
  const taken = new Set<number>(); // rows whose place is in the batch
  const add = (row: number, room: number): void => {
    if (rows.length >= room || taken.has(row) || pairs.some((pair) => meets?.(row, pair))) return;
    taken.add(row);
    for (const other of same?.[row] ?? []) taken.add(other);
    rows.push(row);
  };
  const start = first ?? passPart(step, labelled, batch - most, seed);
  for (const row of start) add(row, batch - most);
  const views = new Set<number>();
  for (const k of shuffled(selected.length, rng)) {
    const pair = selected[k] as Pair;
    if (pairs.length === most) break;
    if (views.has(pair.view) || rows.some((row) => meets?.(row, pair))) continue;
    views.add(pair.view);
    pairs.push(pair);
  }
  const room = batch - pairs.length;
  for (const row of start) add(row, room);
  const ahead = new Set(start);
  const others = labelled.filter((row) => !ahead.has(row));
  for (const k of shuffled(others.length, rng)) add(others[k] as number, room);
  return { labelled: rows, selected: pairs };
}

/** The step's part of a pass over all rows in random order, so that few labels are used evenly. */
function passPart(step: number, rows: readonly number[], count: number, seed: number): number[] {
  const parts = Math.max(1, Math.floor(rows.length / count));
  const order = shuffled(rows.length, makeRng(seed, PASS_STREAM + Math.floor(step / parts)));
  const from = (step % parts) * count;
  return order.slice(from, from + count).map((k) => rows[k] as number);
}
