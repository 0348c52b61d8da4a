// Whose connection it is: IPv4 also where it comes as IPv6, and of IPv6 the /64 that one household has.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressMatcher, senderOf } from '../../src/http/index.js';

test('one sender has one name', () => {
  assert.equal(senderOf('192.0.2.7'), '192.0.2.7');
  assert.equal(senderOf('::ffff:192.0.2.7'), '192.0.2.7');
  for (const address of [
    '2001:db8:1:2::1',
    '2001:0db8:0001:0002:ffff:0:0:9',
    '2001:db8:1:2::',
    '2001:db8:1:2::a%eth0',
  ]) {
    assert.equal(senderOf(address), '2001:db8:1:2::/64', address);
  }
  assert.equal(senderOf('::1'), '0:0:0:0::/64');
  assert.notEqual(senderOf('2001:db8:1:3::1'), senderOf('2001:db8:1:2::1'));
  assert.equal(senderOf(undefined), '');
});

test('blocks hold the addresses in them', () => {
  const trusted = addressMatcher(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);
  for (const address of ['10.9.8.7', '::ffff:10.1.1.1', '192.0.2.7', '2001:db8:ffff::1']) {
    assert.ok(trusted(address), address);
  }
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '', undefined, 'x']) {
    assert.equal(trusted(address), false, String(address));
  }
});
