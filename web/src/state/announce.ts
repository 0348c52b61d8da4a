// What a screen reader is told while the page changes.
import { signal } from '@preact/signals';
import { words } from '../words/index.js';
import { outcomeWords } from '../words/outcome.js';
import { problemWords } from '../words/problems.js';
import type { Item } from './items.js';

export const spoken = signal('');

export function say(text: string): void {
  spoken.value = text;
}

export function announce(name: string, { answer, problem }: Item): string {
  const outcome = answer ? outcomeWords(answer) : problem ? problemWords(problem).title : '';
  return words.value.announce.answered(name, outcome);
}
