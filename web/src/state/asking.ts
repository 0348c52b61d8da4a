// Photos are asked about a few at a time, in the order in which they came; one that is removed is asked no more.
import { locate, pageProblem } from '../api/locate.js';
import type { Question } from '../api/types.js';
import { announce, say } from './announce.js';
import { DEFAULT_TOP } from './draft.js';
import {
  addItem,
  changeItem,
  type Item,
  items,
  removeItem,
  select,
  selected,
  selectedPlace,
} from './items.js';
import { region } from './regions.js';

/** Uploads at once: one is worked on while the next is on its way. */
const AT_ONCE = 2;
const running = new Map<number, AbortController>();

export const isImage = (file: File) =>
  file.type.startsWith('image/') || /\.(jpe?g|png|webp|avif|tiff?)$/i.test(file.name);

/** Adds the images among them and asks; the first of them is looked at. */
export function askFiles(files: readonly File[]): void {
  const question = firstQuestion();
  const added = files.map((file) =>
    addItem({
      name: file.name || 'image',
      file,
      question,
      ...(isImage(file) ? {} : { problem: { ...pageProblem('UNREACHABLE'), code: 'NO_IMAGE' } }),
    }),
  );
  if (added[0]) select(added[0].id);
  startNext();
}

function firstQuestion(): Question {
  const name = region.value?.region;
  return { top: DEFAULT_TOP, ...(name === undefined ? {} : { region: name }) };
}

export function askAgain(item: Item, question: Question): void {
  if (!item.file) return;
  running.get(item.id)?.abort();
  running.delete(item.id);
  changeItem(item.id, { question, phase: 'waiting', uploaded: 0, problem: undefined });
  startNext();
}

export function forget(id: number): void {
  running.get(id)?.abort();
  running.delete(id);
  removeItem(id);
  startNext();
}

export function forgetAll(): void {
  for (const { id } of items.value) forget(id);
}

function startNext(): void {
  for (const item of items.value) {
    if (running.size >= AT_ONCE) return;
    if (item.phase === 'waiting' && !running.has(item.id)) void run(item);
  }
}

async function run({ id, name, file, question }: Item): Promise<void> {
  if (!file) return;
  const controller = new AbortController();
  running.set(id, controller);
  changeItem(id, { phase: 'uploading', askedAt: Date.now() });
  try {
    const outcome = await locate(file, question, {
      signal: controller.signal,
      onUpload: (uploaded) => changeItem(id, { uploaded, phase: uploaded < 1 ? 'uploading' : 'working' }),
      onWait: (waitS) => changeItem(id, { phase: 'busy', waitS, uploaded: 0 }),
    });
    if (controller.signal.aborted) return;
    if ('answer' in outcome) {
      changeItem(id, { phase: 'answered', answer: outcome.answer, problem: undefined });
      if (selected.value?.id === id) selectedPlace.value = 0;
    } else changeItem(id, { phase: 'failed', problem: outcome.problem, answer: undefined });
    const done = items.value.find((item) => item.id === id);
    if (done) say(announce(name, done));
  } catch (error) {
    // Whoever took it away asked for no answer.
    if (!controller.signal.aborted) throw error;
  } finally {
    if (running.get(id) === controller) running.delete(id);
    startNext();
  }
}
