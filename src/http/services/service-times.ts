// How long work takes, by region: a moving mean of what it took lately.

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

  /** Work for `region` took `ms`. */
  note(region: string, ms: number): void {
    const mean = this.#of.get(region) ?? { count: 0, ms: 0 };
    this.#of.set(region, mean);
    for (const each of [mean, this.#all]) add(each, ms);
  }

  /** Milliseconds that work for a region is expected to take; of all regions where it is not known; undefined before any. */
  expectedMs(region?: string): number | undefined {
    const mean = (region === undefined ? undefined : this.#of.get(region)) ?? this.#all;
    return mean.count === 0 ? undefined : mean.ms;
  }

  /** What is known of each region, milliseconds. */
  get byRegion(): readonly (readonly [region: string, ms: number])[] {
    return [...this.#of].map(([region, { ms }]) => [region, ms] as const);
  }
}

function add(mean: Mean, ms: number): void {
  const counted = mean.count === 0 ? ms : Math.min(ms, MOST_TIMES * mean.ms);
  mean.count++;
  mean.ms += (counted - mean.ms) * Math.max(WEIGHT, 1 / mean.count);
}
