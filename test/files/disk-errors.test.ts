// What the file system throws becomes words that say what to do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asDiskError, type SkyfixError } from '../../src/errors/index.js';

const thrown = (code: string) => Object.assign(new Error(code), { code });

test('a full disk, a quota, a read-only folder and a missing right are told apart; other errors are passed on', () => {
  const codeOf = (code: string) => (asDiskError(thrown(code), '/data/x') as SkyfixError).code;
  assert.deepEqual(['ENOSPC', 'EDQUOT'].map(codeOf), ['DISK_FULL', 'DISK_FULL']);
  assert.deepEqual(['EROFS', 'EACCES', 'EPERM'].map(codeOf), [
    'NOT_WRITABLE',
    'NOT_WRITABLE',
    'NOT_WRITABLE',
  ]);
  assert.equal(codeOf('EIO'), 'EIO');
  assert.match(String(asDiskError(thrown('EROFS'), '/data/x')), /\/data\/x failed \(EROFS\)/);
});
