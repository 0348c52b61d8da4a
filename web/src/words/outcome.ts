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

/** How an answer is coloured. */
export function toneOf({ verdict, results }: Answer): 'good' | 'doubtful' | 'bad' | 'plain' {
  const tones: Readonly<Record<Verdict, 'good' | 'doubtful' | 'bad'>> = {
    located: 'good',
    ambiguous: 'doubtful',
    'not in this region': 'bad',
    'unusable image': 'bad',
  };
  if (verdict) return tones[verdict] ?? 'plain';
  return results.length === 0 ? 'bad' : 'plain';
}
