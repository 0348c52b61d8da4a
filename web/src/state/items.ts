// The photos on the page, in the order in which they came, and which of them is looked at.
import { computed, signal } from '@preact/signals';
import type { Answer, Problem, Question } from '../api/types.js';

export type Phase = 'waiting' | 'uploading' | 'working' | 'busy' | 'answered' | 'failed';

export interface Item {
  readonly id: number;
  readonly name: string;
  /** Absent for an answer that came by a link. */
  readonly file: File | undefined;
  /** Of the image in this browser's memory. */
  readonly imageUrl: string | undefined;
  readonly phase: Phase;
  /** 0 to 1. */
  readonly uploaded: number;
  /** While the server is busy. */
  readonly waitS: number;
  /** Of the answer, or of the one that is under way. */
  readonly question: Question;
  readonly answer: Answer | undefined;
  readonly problem: Problem | undefined;
  readonly askedAt: number;
}

export const items = signal<readonly Item[]>([]);
const selectedId = signal<number | undefined>(undefined);
/** Index into the answer's results. */
export const selectedPlace = signal(0);

export const selected = computed(() => items.value.find(({ id }) => id === selectedId.value));

let nextId = 1;

export function addItem(
  item: Pick<Item, 'name' | 'file' | 'question'> & Partial<Pick<Item, 'answer' | 'problem'>>,
): Item {
  const added: Item = {
    id: nextId++,
    imageUrl: item.file ? URL.createObjectURL(item.file) : undefined,
    phase: item.answer ? 'answered' : item.problem ? 'failed' : 'waiting',
    uploaded: 0,
    waitS: 0,
    answer: undefined,
    problem: undefined,
    askedAt: Date.now(),
    ...item,
  };
  items.value = [...items.value, added];
  return added;
}

export function changeItem(id: number, change: Partial<Omit<Item, 'id'>>): void {
  items.value = items.value.map((item) => (item.id === id ? { ...item, ...change } : item));
}

export function removeItem(id: number): void {
  const at = items.value.findIndex((item) => item.id === id);
  const gone = items.value[at];
  if (!gone) return;
  if (gone.imageUrl) URL.revokeObjectURL(gone.imageUrl);
  items.value = items.value.filter((item) => item.id !== id);
  if (selectedId.value === id) select((items.value[at] ?? items.value[at - 1])?.id);
}

export function select(id: number | undefined): void {
  if (selectedId.value === id) return;
  selectedId.value = id;
  selectedPlace.value = 0;
}
