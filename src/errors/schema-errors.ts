// What a JSON schema found wrong, in words that name the field and its value.
import type { ErrorObject } from 'ajv';

/** The value as JSON, cut where it is long. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function explain({ instancePath, keyword, message, params, data }: ErrorObject): string {
  const where = instancePath || 'the document';
  switch (keyword) {
    case 'required':
      return `${where} ${message}`;
    case 'additionalProperties':
      return `${instancePath}/${params.additionalProperty} is not known`;
    case 'const':
      return `${where} must be ${shown(params.allowedValue)}, but is ${shown(data)}`;
    case 'enum':
      return `${where} must be one of ${(params.allowedValues as unknown[]).map(shown).join(', ')}, but is ${shown(data)}`;
    default:
      return `${where} ${message}, but is ${shown(data)}`;
  }
}

/** Every error of a validator compiled with `verbose`, in one sentence without its full stop. */
export function explainSchemaErrors(errors: readonly ErrorObject[] | null | undefined): string {
  return (errors ?? []).map(explain).join('; ');
}
