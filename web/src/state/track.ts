// The way that several panoramas make together: one at a time is on the page.
import { signal } from '@preact/signals';
import { locateSequence } from '../api/locate-sequence.js';
import type { Problem, Track } from '../api/types.js';
import { percent, words } from '../words/index.js';
import { problemWords } from '../words/problems.js';
import { say } from './announce.js';
import type { Phase } from './items.js';
import { region } from './regions.js';

export interface Tracking {
  readonly files: readonly File[];
  readonly phase: Phase;
  /** 0 to 1. */
  readonly uploaded: number;
  /** While the server is busy. */
  readonly waitS: number;
  readonly track: Track | undefined;
  readonly problem: Problem | undefined;
}

/** That several files which come together are one way. */
export const asTrack = signal(false);
export const tracking = signal<Tracking | undefined>(undefined);
/** Number of the point that is looked at, from 0. */
export const selectedPoint = signal(0);

let running: AbortController | undefined;

/** Asks for the way through them, by their names: 2.jpg comes before 10.jpg. */
export async function askTrack(images: readonly File[]): Promise<void> {
  forgetTrack();
  const files = [...images].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  const controller = new AbortController();
  running = controller;
  const change = (changes: Partial<Tracking>) => {
    if (tracking.value && !controller.signal.aborted) tracking.value = { ...tracking.value, ...changes };
  };
  tracking.value = {
    files,
    phase: 'uploading',
    uploaded: 0,
    waitS: 0,
    track: undefined,
    problem: undefined,
  };
  try {
    const outcome = await locateSequence(files, region.value?.region, {
      signal: controller.signal,
      onUpload: (uploaded) => change({ uploaded, phase: uploaded < 1 ? 'uploading' : 'working' }),
      onWait: (waitS) => change({ phase: 'busy', waitS, uploaded: 0 }),
    });
    if ('answer' in outcome) change({ phase: 'answered', track: outcome.answer });
    else change({ phase: 'failed', problem: outcome.problem });
    const { track, announce } = words.value;
    const told = 'answer' in outcome ? trackWords(outcome.answer) : problemWords(outcome.problem).title;
    say(announce.answered(track, told));
  } catch (error) {
    // Whoever took it away asked for no answer.
    if (!controller.signal.aborted) throw error;
  }
}

export function forgetTrack(): void {
  running?.abort();
  running = undefined;
  tracking.value = undefined;
  selectedPoint.value = 0;
}

/** A track in a few words. */
export function trackWords({ features: [way] }: Track): string {
  const { verdict, probability } = way.properties;
  return `${words.value.verdicts[verdict]}, ${percent(probability)}`;
}
