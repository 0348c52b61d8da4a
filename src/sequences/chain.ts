// A hidden Markov chain, decoded: the likeliest path (Viterbi 1967) and how likely each state is given everything
// (forward-backward, Baum et al. 1970). All in logarithms.

export interface Chain {
  /** [frames][states]: log-likelihood of what was seen, by state. Each frame has at least one. */
  readonly emissions: readonly ArrayLike<number>[];
  /** Log-density of going from state `from` of frame k to state `to` of frame k + 1. */
  readonly transition: (k: number, from: number, to: number) => number;
}

export interface Decoded {
  /** A state a frame. */
  readonly path: readonly number[];
  /** [frames][states], each frame's sum is 1. */
  readonly posteriors: readonly Float64Array[];
  /** Of all paths together. */
  readonly logEvidence: number;
}

/** O(frames * states²). Empty for no frames. */
export function decodeChain({ emissions, transition }: Chain): Decoded {
  if (emissions.length === 0) return { path: [], posteriors: [], logEvidence: 0 };
  const best: Float64Array[] = [];
  const forward: Float64Array[] = [];
  const cameFrom: Int32Array[] = [];
  for (const [k, emission] of emissions.entries()) {
    const count = emission.length;
    const [bestHere, forwardHere] = [new Float64Array(count), new Float64Array(count)];
    const from = new Int32Array(count).fill(-1);
    const [bestBefore, forwardBefore] = [best[k - 1], forward[k - 1]];
    for (let to = 0; to < count; to++) {
      const seen = emission[to] as number;
      if (!bestBefore || !forwardBefore) {
        bestHere[to] = seen;
        forwardHere[to] = seen;
        continue;
      }
      const terms = new Float64Array(bestBefore.length);
      let most = Number.NEGATIVE_INFINITY;
      for (let s = 0; s < bestBefore.length; s++) {
        const step = transition(k - 1, s, to);
        terms[s] = (forwardBefore[s] as number) + step;
        const path = (bestBefore[s] as number) + step;
        if (path > most || from[to] === -1) {
          most = path;
          from[to] = s;
        }
      }
      bestHere[to] = most + seen;
      forwardHere[to] = logSumExp(terms) + seen;
    }
    best.push(bestHere);
    forward.push(forwardHere);
    cameFrom.push(from);
  }
  const logEvidence = logSumExp(forward.at(-1) ?? []);
  return {
    path: pathOf(best, cameFrom),
    posteriors: posteriorsOf({ emissions, transition }, forward, logEvidence),
    logEvidence,
  };
}

function pathOf(best: readonly Float64Array[], cameFrom: readonly Int32Array[]): number[] {
  const last = best.at(-1) ?? new Float64Array();
  let state = last.reduce((winner, value, s) => (value > (last[winner] as number) ? s : winner), 0);
  const path = [state];
  for (let k = best.length - 1; k > 0; k--) {
    state = cameFrom[k]?.[state] ?? 0;
    path.unshift(state);
  }
  return path;
}

function posteriorsOf(
  { emissions, transition }: Chain,
  forward: readonly Float64Array[],
  logEvidence: number,
): Float64Array[] {
  const posteriors: Float64Array[] = [];
  let backward = new Float64Array(forward.at(-1)?.length ?? 0);
  for (let k = forward.length - 1; k >= 0; k--) {
    const here = forward[k] as Float64Array;
    if (k < forward.length - 1) {
      const next = emissions[k + 1] as ArrayLike<number>;
      const after = backward;
      backward = here.map((_, s) =>
        logSumExp(after.map((value, to) => value + transition(k, s, to) + (next[to] as number))),
      );
    }
    const known = backward;
    posteriors.unshift(here.map((value, s) => Math.exp(value + (known[s] as number) - logEvidence)));
  }
  return posteriors;
}

function logSumExp(terms: ArrayLike<number>): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < terms.length; k++) most = Math.max(most, terms[k] as number);
  if (most === Number.NEGATIVE_INFINITY) return most;
  let sum = 0;
  for (let k = 0; k < terms.length; k++) sum += Math.exp((terms[k] as number) - most);
  return most + Math.log(sum);
}
