// A question as the fields of the form.
import type { Question } from './types.js';

export function fieldsOf(question: Question): [name: string, value: string][] {
  const { prior, headingUnknown, ...plain } = question;
  const fields: Record<string, unknown> = {
    ...plain,
    ...prior,
    ...(headingUnknown ? { heading: 'unknown' } : {}),
  };
  // A heading that is estimated is none that is given.
  if (headingUnknown) {
    delete fields.headingDeg;
    delete fields.headingToleranceDeg;
  }
  return Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
}
