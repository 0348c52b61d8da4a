// The labels of a data set, with a door: the label of a row that counts as unlabelled cannot be read.

/** Says which gallery tiles belong to which row (ground image), for labelled rows only, and counts who asks. */
export class PairLabels {
  /** Rows with a label, ascending. */
  readonly labelled: readonly number[];
  /** The other rows, ascending. */
  readonly unlabelled: readonly number[];
  /** Gallery tiles that no labelled row owns, ascending: their order says nothing about the rows. */
  readonly unlabelledTiles: readonly number[];
  readonly #tileOf: readonly (number | undefined)[];
  readonly #semiPositives: readonly (readonly number[])[];
  readonly #isLabelled: Uint8Array;
  readonly #tileCount: number;
  #reads = 0;
  #refused = 0;
  #logReads = 0;

  /**
   * @param tileOf gallery tile of each row; undefined where nobody knows it
   * @param labelled the rows whose label may be read
   * @param tileCount number of tiles in the gallery
   * @param semiPositives tiles that also show each row's place, further from their middle (VIGOR); none by default
   * Throws RangeError where a labelled row does not exist, is named twice, or has no tile of the gallery.
   */
  constructor(
    tileOf: readonly (number | undefined)[],
    labelled: readonly number[],
    tileCount: number = tileOf.length,
    semiPositives: readonly (readonly number[])[] = [],
  ) {
    this.#tileOf = tileOf;
    this.#semiPositives = semiPositives;
    this.#tileCount = tileCount;
    this.#isLabelled = new Uint8Array(tileOf.length);
    const owned = new Uint8Array(tileCount);
    for (const row of labelled) {
      const tile = tileOf[row];
      if (this.#isLabelled[row] !== 0 || tile === undefined || !(tile >= 0 && tile < tileCount)) {
        throw new RangeError(`Row ${row} cannot be labelled: it is unknown, named twice or without a tile.`);
      }
      this.#isLabelled[row] = 1;
      owned[tile] = 1;
    }
    const rows = tileOf.map((_, row) => row);
    this.labelled = rows.filter((row) => this.isLabelled(row));
    this.unlabelled = rows.filter((row) => !this.isLabelled(row));
    this.unlabelledTiles = Array.from({ length: tileCount }, (_, tile) => tile).filter((t) => owned[t] === 0);
  }

  /** The labels of data sets one behind the other, hidden ones still hidden. */
  static joined(parts: readonly PairLabels[]): PairLabels {
    const tileOf: (number | undefined)[] = [];
    const semiPositives: number[][] = [];
    const labelled: number[] = [];
    let tiles = 0;
    for (const part of parts) {
      labelled.push(...part.labelled.map((row) => row + tileOf.length));
      const offset = tiles;
      tileOf.push(...part.#tileOf.map((tile) => (tile === undefined ? undefined : tile + offset)));
      semiPositives.push(
        ...part.#tileOf.map((_, row) => (part.#semiPositives[row] ?? []).map((tile) => tile + offset)),
      );
      tiles += part.#tileCount;
    }
    return new PairLabels(tileOf, labelled, tiles, semiPositives);
  }

  /** The same rows and labels in a gallery with so many more tiles, which nobody owns. */
  withTilesBehind(count: number): PairLabels {
    return new PairLabels(this.#tileOf, this.labelled, this.#tileCount + count);
  }

  isLabelled(row: number): boolean {
    return this.#isLabelled[row] === 1;
  }

  /** The tile of a labelled row. Throws, and counts, where the row is unlabelled. */
  tileOf(row: number): number {
    const tile = this.#tileOf[row];
    if (!this.isLabelled(row) || tile === undefined) {
      this.#refused++;
      throw new Error(`The label of row ${row} is hidden: training asked for an unlabelled pair.`);
    }
    this.#reads++;
    return tile;
  }

  /** The tiles that show the place of a labelled row: its own, then its semi-positives. Throws as tileOf does. */
  tilesOf(row: number): readonly number[] {
    return [this.tileOf(row), ...(this.#semiPositives[row] ?? [])];
  }

  /**
   * Whether a pseudo-label is right, for the log alone: it must not flow back into training. Undefined where nobody
   * knows.
   */
  isRight(row: number, tile: number): boolean | undefined {
    this.#logReads++;
    const own = this.#tileOf[row];
    return own === undefined ? undefined : own === tile;
  }

  /** The same rows with every label that is known visible: the paper's first stage, which is marked in every report. */
  allVisible(): PairLabels {
    const known = this.#tileOf.flatMap((tile, row) => (tile === undefined ? [] : [row]));
    return new PairLabels(this.#tileOf, known, this.#tileCount, this.#semiPositives);
  }

  /** The same rows with every hidden label erased: training on it must give the same result. */
  withoutHidden(): PairLabels {
    const known = this.#tileOf.map((tile, row) => (this.isLabelled(row) ? tile : undefined));
    const semiPositives = this.#tileOf.map((_, row) =>
      this.isLabelled(row) ? (this.#semiPositives[row] ?? []) : [],
    );
    return new PairLabels(known, this.labelled, this.#tileCount, semiPositives);
  }

  /** How often labels of labelled rows were read, hidden ones asked for, and pairs judged for the log. */
  get counts(): { readonly reads: number; readonly refused: number; readonly logReads: number } {
    return { reads: this.#reads, refused: this.#refused, logReads: this.#logReads };
  }
}
