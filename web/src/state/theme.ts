// Light, dark, or as the system is.
import { computed, effect, signal } from '@preact/signals';
import { recall, remember } from '../words/index.js';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'skyfix.theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(system.matches);
system.addEventListener('change', ({ matches }) => {
  systemDark.value = matches;
});

export const isTheme = (text: unknown): text is Theme => THEMES.some((theme) => theme === text);
const kept = recall(KEY);
export const theme = signal<Theme>(isTheme(kept) ? kept : 'auto');
export const dark = computed(() => (theme.value === 'auto' ? systemDark.value : theme.value === 'dark'));

export function chooseTheme(next: Theme): void {
  theme.value = next;
  remember(KEY, next);
}

effect(() => {
  document.documentElement.dataset.theme = dark.value ? 'dark' : 'light';
});
