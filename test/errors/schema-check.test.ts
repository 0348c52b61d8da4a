// Checks of documents by JSON schema, compiled when they are first asked.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { schemaCheck } from '../../src/errors/index.js';

const SCHEMA = { type: 'object', properties: { k: { type: 'integer', default: 5 } }, required: ['name'] };

describe('a schema check', () => {
  it('says what the last document has wrong, and null of one that is right', () => {
    const check = schemaCheck<{ readonly name: string }>(SCHEMA, { allErrors: true });
    assert.equal(schemaCheck(SCHEMA).errors, null);
    assert.equal(check({ k: 1.5 }), false);
    assert.deepEqual(check.errors?.map(({ keyword, instancePath }) => `${keyword} ${instancePath}`).sort(), [
      'required ',
      'type /k',
    ]);
    assert.equal(check({ name: 'x' }), true);
    assert.equal(check.errors, null);
  });
  it('keeps to the options that it was given', () => {
    const document = { name: 'x', k: undefined };
    assert.ok(schemaCheck(SCHEMA, { useDefaults: true })(document));
    assert.deepEqual(document, { name: 'x', k: 5 });
  });
  it('compiles nothing before it is asked', () => {
    const check = schemaCheck({ type: 'no such type' });
    assert.throws(() => check({}), /type/);
  });
});
