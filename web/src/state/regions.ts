// The regions of the server, and the one that is asked.
import { computed, signal } from '@preact/signals';
import { rememberKey } from '../api/key.js';
import { KeyAsked, readOutline, readRegions } from '../api/regions.js';
import type { Region } from '../api/types.js';

export const regions = signal<readonly Region[]>([]);
export const regionsFailed = signal(false);
/** The server wants a key before it says anything. */
export const keyAsked = signal(false);
const chosen = signal<string | undefined>(undefined);

/** Undefined before the server has said which it has, or where it has none. */
export const region = computed(
  () =>
    regions.value.find((known) => known.region === chosen.value) ??
    regions.value.find((known) => known.default) ??
    regions.value[0],
);

export function chooseRegion(name: string): void {
  chosen.value = name;
}

export async function loadRegions(): Promise<void> {
  try {
    regions.value = await readRegions();
    regionsFailed.value = false;
    keyAsked.value = false;
  } catch (error) {
    keyAsked.value = error instanceof KeyAsked;
    regionsFailed.value = !keyAsked.value;
  }
  await Promise.all(regions.value.map(({ region: name }) => addOutline(name)));
}

export function takeKey(key: string): Promise<void> {
  rememberKey(key);
  return loadRegions();
}

async function addOutline(name: string): Promise<void> {
  const outline = await readOutline(name);
  if (!outline) return;
  regions.value = regions.value.map((known) => (known.region === name ? { ...known, outline } : known));
}
