// What tests of a run's configuration share.
import assert from 'node:assert/strict';
import { SkyfixError } from 'skyfix/errors';

/** Checks that a configuration is refused, with every one of the texts in its message. */
export async function refused(made: Promise<unknown>, ...texts: readonly string[]): Promise<void> {
  await assert.rejects(made, (error) => {
    assert.ok(error instanceof SkyfixError, String(error));
    assert.equal(error.code, 'TRAINING_CONFIG_INVALID');
    for (const text of texts)
      assert.ok(error.message.includes(text), `"${text}" is not in: ${error.message}`);
    return true;
  });
}

/** JSON pointers of all values that are no objects; lists count as one value. */
export function leavesOf(tree: object, at = ''): string[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? leavesOf(value, `${at}/${name}`)
      : [`${at}/${name}`],
  );
}

export function objectsOf(tree: object, at = ''): string[] {
  const inner = Object.entries(tree).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? objectsOf(value, `${at}/${name}`)
      : [],
  );
  return [at, ...inner];
}

export const override = (pointer: string, value: string) =>
  `${pointer.slice(1).replaceAll('/', '.')}=${value}`;
