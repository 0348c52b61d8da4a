// Where the errors go: which district's tiles answer the queries of which district.

export interface DistrictRecall {
  readonly queries: number;
  /** Percent, strict. */
  readonly at1: number;
}

export interface Confusion {
  /** Names, sorted: rows and columns of `counts`. */
  readonly districts: readonly string[];
  /** counts[a][b]: how many queries of district a are first answered by a tile of district b. */
  readonly counts: readonly (readonly number[])[];
}

/** R@1 of the queries of each district; `ranks` are strict (0 is best). Throws RangeError where the lengths differ. */
export function recallByDistrict(
  ranks: Int32Array,
  districts: readonly string[],
): Record<string, DistrictRecall> {
  sameLength(ranks.length, districts.length);
  const figures: Record<string, DistrictRecall> = {};
  for (const name of [...new Set(districts)].sort()) {
    const own = ranks.filter((_, query) => districts[query] === name);
    figures[name] = {
      queries: own.length,
      at1: (100 * own.filter((rank) => rank === 0).length) / own.length,
    };
  }
  return figures;
}

/**
 * Counts first answers by district. `answers[query]` is a gallery row. The diagonal holds right
 * answers and mistakes within a district alike. Throws RangeError for lengths that differ and rows outside the gallery.
 */
export function confusionByDistrict(
  answers: ArrayLike<number>,
  ofQueries: readonly string[],
  ofGallery: readonly string[],
): Confusion {
  sameLength(answers.length, ofQueries.length);
  const districts = [...new Set([...ofQueries, ...ofGallery])].sort();
  const counts = districts.map(() => districts.map(() => 0));
  ofQueries.forEach((district, query) => {
    const answer = ofGallery[answers[query] as number];
    const row = counts[districts.indexOf(district)];
    if (answer === undefined || !row)
      throw new RangeError(`Query ${query} is answered by row ${answers[query]}.`);
    const column = districts.indexOf(answer);
    row[column] = (row[column] as number) + 1;
  });
  return { districts, counts };
}

function sameLength(queries: number, districts: number): void {
  if (queries !== districts) throw new RangeError(`${queries} queries have ${districts} districts.`);
}
