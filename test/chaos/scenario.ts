// What every scenario is given and gives back.
export interface Chaos {
  /** A folder of its own, empty. */
  readonly folder: string;
  /** Seeded, in [0, 1). */
  readonly random: () => number;
  /** How many times something is ended or goes wrong. */
  readonly rounds: number;
}

export interface Outcome {
  readonly rounds: number;
  /** Counts worth a column, by what they count. */
  readonly counts: Readonly<Record<string, number>>;
  /** Slowest recovery, milliseconds; absent where nothing had to recover. */
  readonly slowestMs?: number;
  /** What must not be. */
  readonly faults: readonly string[];
}

export interface Scenario {
  readonly name: string;
  /** Why it cannot run here, or undefined. */
  readonly missing?: () => string | undefined;
  run(chaos: Chaos): Promise<Outcome>;
}
