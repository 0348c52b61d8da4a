// What calls of a server end with, when they end badly.
import type { Problem } from './types.js';

/** The server refused; its own words are in `problem`. */
export class SkyfixProblem extends Error {
  readonly status: number;
  /** Of the server's table of errors; "HTTP" where something else answered, such as a proxy. */
  readonly code: string;
  /** RFC 9457; undefined where something else answered. */
  readonly problem: Problem | undefined;
  /** When to try again, where the server says it. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, problem: Problem | undefined, retryAfterMs: number | undefined) {
    const text = problem
      ? `${problem.title}: ${problem.detail} ${problem.advice}`
      : `The answer has the status ${status}.`;
    super(text);
    this.name = 'SkyfixProblem';
    this.status = status;
    this.code = problem?.code ?? 'HTTP';
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Nobody answered. */
export class SkyfixUnreachable extends Error {
  constructor(url: string, cause: unknown) {
    super(`${url} cannot be reached.`, { cause });
    this.name = 'SkyfixUnreachable';
  }
}
