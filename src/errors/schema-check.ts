// JSON schemas as checks. Compiling one takes tens of milliseconds, which a command that never reads such a file should not wait
// for: each is compiled when it is first asked.
import { Ajv, type AnySchema, type ErrorObject, type Options, type ValidateFunction } from 'ajv';

export interface SchemaCheck<T> {
  (json: unknown): json is T;
  /** What the last document that was asked about has wrong; null where it has nothing. */
  readonly errors: readonly ErrorObject[] | null;
}

/** A check for documents of a schema. It throws where the schema itself is none. */
export function schemaCheck<T>(schema: AnySchema, options: Options = {}): SchemaCheck<T> {
  let compiled: ValidateFunction<T> | undefined;
  const check = (json: unknown): json is T => {
    compiled ??= new Ajv(options).compile<T>(schema);
    return compiled(json);
  };
  return Object.defineProperty(check, 'errors', {
    get: () => compiled?.errors ?? null,
  }) as unknown as SchemaCheck<T>;
}
