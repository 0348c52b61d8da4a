// A link that somebody was given: its answer, without the image.

import { fromFragment } from '../answers/permalink.js';
import { pageProblem } from '../api/locate.js';
import { DEFAULT_TOP } from './draft.js';
import { addItem, items, select } from './items.js';

export async function openLink(): Promise<void> {
  if (!location.hash.startsWith('#a')) return;
  const linked = await fromFragment(location.hash);
  // The link of an answer that is here already was copied from it.
  const here = items.value.find(({ answer }) => answer?.requestId === linked?.answer.requestId);
  if (linked && here) return select(here.id);
  const item = linked
    ? addItem({ ...linked, file: undefined })
    : addItem({
        name: 'link',
        file: undefined,
        question: { top: DEFAULT_TOP },
        problem: { ...pageProblem('NO_ANSWER'), code: 'LINK_DAMAGED' },
      });
  select(item.id);
}
