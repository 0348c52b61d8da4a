// What the next question about the photo that is looked at will say: what was asked, changed by the controls and on the map.
import { effect, signal } from '@preact/signals';
import type { Question } from '../api/types.js';
import { selected } from './items.js';

export const DEFAULT_TOP = 5;
/** Metres: a first circle, when one is asked for. */
export const FIRST_RADIUS_M = 150;

export const draft = signal<Question>({ top: DEFAULT_TOP });

export function changeDraft(change: { readonly [Key in keyof Question]?: Question[Key] | undefined }): void {
  const kept = Object.entries({ ...draft.value, ...change }).filter(([, value]) => value !== undefined);
  draft.value = Object.fromEntries(kept) as unknown as Question;
}

/** A new photo, or a new answer to the same one, begins with what was asked of it. */
let shown: string | undefined;
effect(() => {
  const item = selected.value;
  const key = item && `${item.id} ${item.answer?.requestId ?? ''}`;
  if (key === shown) return;
  shown = key;
  draft.value = item?.question ?? { top: DEFAULT_TOP };
});
