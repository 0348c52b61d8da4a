// A problem in the page's language: title and advice from its own table where it has them, else the server's words.
import type { Problem } from '../api/types.js';
import { words } from './index.js';

export interface ProblemWords {
  readonly title: string;
  readonly advice: string;
  readonly detail: string;
  /** The server speaks English. */
  readonly detailLanguage: 'en' | undefined;
}

export function problemWords(problem: Problem): ProblemWords {
  const own = words.value.pageProblems[problem.code];
  if (own) return { ...own, detail: problem.detail || own.detail, detailLanguage: undefined };
  const { title, advice } = words.value.problems[problem.code] ?? problem;
  return { title, advice, detail: problem.detail, detailLanguage: 'en' };
}
