// The words of the chosen language, and numbers as it writes them.
import { computed, signal } from '@preact/signals';
import { de } from './de.js';
import { en, type Words } from './en.js';

export type { Words } from './en.js';

export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type Language = keyof typeof LANGUAGES;

const TABLES: Readonly<Record<Language, Words>> = { en, de };
const KEY = 'skyfix.language';

export const isLanguage = (text: unknown): text is Language => text === 'en' || text === 'de';

export const language = signal<Language>(firstLanguage());
export const words = computed<Words>(() => TABLES[language.value]);

export function chooseLanguage(next: Language): void {
  language.value = next;
  remember(KEY, next);
}

function firstLanguage(): Language {
  const chosen = recall(KEY);
  if (isLanguage(chosen)) return chosen;
  const known = navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find(isLanguage);
  return known ?? 'en';
}

/** Storage may be forbidden; then nothing is remembered. */
export function recall(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A page without a memory works as well.
  }
}

const format = (value: number, options: Intl.NumberFormatOptions) =>
  new Intl.NumberFormat(language.value, options).format(value);

export const number = (value: number, digits = 0) =>
  format(value, { maximumFractionDigits: digits, minimumFractionDigits: digits });
export const percent = (share: number) =>
  format(share > 0.995 && share < 1 ? 0.99 : share, { style: 'percent', maximumFractionDigits: 0 });

/** Metres up to a kilometre, then kilometres; two figures that count. */
export function metres(value: number): string {
  if (value >= 1000) return `${number(value / 1000, value < 10_000 ? 1 : 0)} km`;
  return `${number(value, value < 10 ? 1 : 0)} m`;
}

export function bytes(count: number): string {
  return count < 1e6 ? `${number(count / 1e3)} kB` : `${number(count / 1e6, 1)} MB`;
}

/** 84° east. */
export function direction(deg: number): string {
  return `${number(deg, 0)}° ${words.value.directions[Math.round(deg / 45) % 8]}`;
}
