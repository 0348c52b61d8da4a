// How long work takes, by region: a moving mean of what it took lately, which begins with what warming the region took.

/** Of the newest; the first ones count alike. */
const WEIGHT = 0.1;
/** A time counts for at most so many times what was expected: one odd request must not close the door on the others. */
const MOST_TIMES = 3;

interface Mean {
  count: number;
  ms: number;
}

export class ServiceTimes {
  readonly #of = new Map<string, Mean>();
  readonly #all: Mean = { count: 0, ms: 0 };
  readonly #warmedMs: ReadonlyMap<string, number>;

  /** `warmedMs`: what a request of a region's own took before anybody asked it; regions may be added. */
  constructor(warmedMs: ReadonlyMap<string, number> = new Map()) {
    this.#warmedMs = warmedMs;
  }

  /** Work for `region` took `ms`. */
  note(region: string, ms: number): void {
    const warmedMs = this.#warmedMs.get(region);
    const begun = warmedMs === undefined ? { count: 0, ms: 0 } : { count: 1, ms: warmedMs };
    const mean = this.#of.get(region) ?? begun;
    this.#of.set(region, mean);
    for (const each of [mean, this.#all]) add(each, ms);
  }

  /** Milliseconds that work for a region is expected to take; of all regions where it is not known; undefined before any. */
  expectedMs(region?: string): number | undefined {
    if (region !== undefined) {
      const known = this.#of.get(region)?.ms ?? this.#warmedMs.get(region);
      if (known !== undefined) return known;
    }
    return this.#all.count > 0 ? this.#all.ms : meanOf([...this.#warmedMs.values()]);
  }

  /** What is known of each region, milliseconds. */
  get byRegion(): readonly (readonly [region: string, ms: number])[] {
    const measured = [...this.#of].map(([region, { ms }]) => [region, ms] as const);
    return [...new Map([...this.#warmedMs, ...measured])];
  }
}

function meanOf(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function add(mean: Mean, ms: number): void {
  const counted = mean.count === 0 ? ms : Math.min(ms, MOST_TIMES * mean.ms);
  mean.count++;
  mean.ms += (counted - mean.ms) * Math.max(WEIGHT, 1 / mean.count);
}
