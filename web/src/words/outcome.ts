// An answer in a few words.
import type { Answer, Verdict } from '../api/types.js';
import { percent, words } from './index.js';

export function outcomeWords(answer: Answer): string {
  const [best] = answer.results;
  const verdict = answer.verdict && words.value.verdicts[answer.verdict];
  if (!best) return verdict ?? words.value.noPlaces;
  const sure = best.probability === undefined ? undefined : percent(best.probability);
  return [verdict ?? words.value.states.answered, sure].filter(Boolean).join(', ');
}

type Tone = 'good' | 'doubtful' | 'bad' | 'plain';

/** How an answer is coloured. */
export function toneOf({ verdict, results }: Answer): Tone {
  if (verdict) return toneOfVerdict(verdict);
  return results.length === 0 ? 'bad' : 'plain';
}

export function toneOfVerdict(verdict: Verdict): Tone {
  const tones: Readonly<Record<Verdict, Tone>> = {
    located: 'good',
    ambiguous: 'doubtful',
    'not in this region': 'bad',
    'unusable image': 'bad',
  };
  return tones[verdict] ?? 'plain';
}
