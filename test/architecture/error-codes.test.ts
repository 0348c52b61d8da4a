// Every code a caller can meet is met by some test.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_CODES, type ErrorCode, SkyfixError } from '../../src/errors/index.js';
import { filesIn, readSource } from './imports.js';

const SELF = 'test/architecture/error-codes.test.ts';

test('each code of the error table occurs in a test', () => {
  const texts = ['test', 'training/test']
    .flatMap((folder) => filesIn(folder))
    .filter((file) => file !== SELF)
    .map(readSource);
  const untested = Object.keys(ERROR_CODES).filter((code) => {
    const name = new RegExp(`\\b${code}\\b`);
    return !texts.some((text) => name.test(text));
  });
  assert.deepEqual(untested, []);
});

test('each code has a status of an error and sentences for people', () => {
  for (const [code, { status, title, advice }] of Object.entries(ERROR_CODES)) {
    assert.ok(status >= 400 && status <= 599, code);
    assert.match(title, /^[A-Z].*[^.]$/, code);
    assert.match(advice, /^[A-Z].*\.$/, code);
  }
});

test('errors of the command line give no advice about requests', () => {
  const ofRequests =
    /openapi|\bGET\b|form field|Allow header|verticalFovDeg|Retry-After|media type|request id/i;
  // Only a request can meet these.
  const onlyHttp = new RegExp(
    `^(${[
      'IMAGE_(MISSING|DUPLICATED)|MEDIA_TYPE|REQUEST_|ROUTE_|METHOD_|QUEUE_|ADMIN_',
      'UNAUTHORIZED|UPLOADS_|CONNECTIONS_|ADDRESS_|RATE_|KEY_(BUSY|SCOPE_)',
    ].join('|')})`,
  );
  const codes = Object.keys(ERROR_CODES).filter((code) => !onlyHttp.test(code)) as ErrorCode[];
  const wrong = codes.filter((code) => ofRequests.test(new SkyfixError(code, '').message));
  assert.deepEqual(wrong, []);
});
