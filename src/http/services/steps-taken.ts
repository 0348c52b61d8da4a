// The steps of one panorama's work, as far as it came, and whose fault it is where it ended.
import { ERROR_CODES, SkyfixError } from '../../errors/index.js';
import type { StepOutcome } from '../../locate/index.js';

/** A step that comes again, for another heading, is one with those before it: their time together, in the last place. */
export function addStep(steps: StepOutcome[], { step, ms, ok }: StepOutcome): void {
  const before = steps.findIndex((earlier) => earlier.step === step);
  const [earlier] = before < 0 ? [] : steps.splice(before, 1);
  steps.push({ step, ms: ms + (earlier?.ms ?? 0), ok });
}

/** Once the image has become a BEV, a client can do nothing wrong: what fails then is the server's. */
export function ownFault(error: unknown, last: StepOutcome | undefined): unknown {
  if (!isOfTheClient(error) || !last || last.ok || OF_THE_UPLOAD.includes(last.step)) return error;
  return new SkyfixError('INTERNAL', `The step "${last.step}" failed: ${error.detail}`, { cause: error });
}

/** An error of the table that says that the request is at fault. */
export function isOfTheClient(error: unknown): error is SkyfixError {
  return error instanceof SkyfixError && ERROR_CODES[error.code].status < 500;
}

/** Steps that meet what the client sent: its file, its parameters. */
const OF_THE_UPLOAD: readonly string[] = ['decode', 'bev'];
