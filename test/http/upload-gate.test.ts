// The bounds of uploads, without sockets and without waiting: the clock is the test's.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import { type ErrorCode, SkyfixError } from '../../src/errors/index.js';
import { UploadGate } from '../../src/http/index.js';

const LIMITS = {
  uploads: 3,
  perAddress: 2,
  memoryBytes: 1000,
  minBytesPerSecond: 10,
  graceMs: 5_000,
  timeoutMs: 60_000,
};
const refusal = (code: ErrorCode) => (error: unknown) => error instanceof SkyfixError && error.code === code;
const never = () => assert.fail('was ended');

function gateAt(limits: Partial<typeof LIMITS> = {}) {
  const clock = { ms: 0 };
  return { clock, gate: new UploadGate({ ...LIMITS, ...limits }, () => clock.ms) };
}

test('headers alone hold no place, a byte does', () => {
  const { gate } = gateAt();
  const silent = Array.from({ length: 50 }, (_, k) => gate.open(`10.0.0.${k}`, never));
  const uploads = ['a', 'a', 'b'].map((address) => gate.open(address, never));
  for (const upload of uploads) upload.received(1);
  assert.throws(() => gate.open('a', never), refusal('ADDRESS_BUSY'));
  assert.throws(() => gate.open('c', never), refusal('UPLOADS_FULL'));
  assert.throws(() => silent[0]?.received(1), refusal('UPLOADS_FULL'));
  uploads[2]?.complete();
  silent[0]?.received(1);
  for (const upload of [...silent, ...uploads]) upload.close();
  assert.deepEqual([gate.reading, gate.bytes], [0, 0]);
});

test('where places run short, the slowest upload that stands still gives its place, not one that runs', () => {
  const { clock, gate } = gateAt({ perAddress: 3 });
  const ended: string[] = [];
  const open = (name: string) =>
    gate.open('a', (reason) => {
      assert.equal(reason.code, 'REQUEST_TOO_SLOW');
      ended.push(name);
    });
  const [running, slow, slower] = ['running', 'slow', 'slower'].map(open);
  running?.received(300);
  slow?.received(5);
  slower?.received(1);
  assert.throws(() => open('too early'), refusal('ADDRESS_BUSY'));
  clock.ms = 1_500;
  running?.received(300);
  const next = open('next');
  next.received(1);
  assert.deepEqual(ended, ['slower']);
  const last = open('last');
  last.received(1);
  assert.deepEqual(ended, ['slower', 'slow']);
  assert.throws(() => open('one too many'), refusal('ADDRESS_BUSY'));
  assert.equal(gate.bytes, 602);
});

test('bytes stay counted until they are let go, and a standing upload makes room for one that needs it', () => {
  const { clock, gate } = gateAt();
  const done = gate.open('a', never);
  done.received(900);
  done.complete();
  const other = gate.open('b', never);
  assert.throws(() => other.received(200), refusal('UPLOADS_FULL'));
  other.close();
  done.close();
  let gone = false;
  const standing = gate.open('a', () => {
    gone = true;
  });
  standing.received(900);
  clock.ms = 2_000;
  gate.open('b', never).received(200);
  assert.ok(gone);
  assert.equal(gate.bytes, 200);
  standing.close();
  assert.equal(gate.bytes, 200);
});

test('an upload under the rate is ended after the grace time, one that takes too long after that; none other', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  try {
    const { gate } = gateAt({ uploads: 9, memoryBytes: 10_000 });
    const ended = new Map<string, string>();
    const open = (name: string) => gate.open(name, (reason) => ended.set(name, reason.detail));
    // Grace 5 s at 10 bytes a second: 50 bytes each time.
    const [slow, steady, burst] = ['slow', 'steady', 'burst'].map(open);
    open('silent');
    const done = open('done');
    done.received(1);
    done.complete();
    burst?.received(500);
    const turn = async (seconds: number) => {
      for (let s = 0; s < seconds; s++) {
        slow?.received(1);
        if (!ended.has('steady')) steady?.received(12);
        mock.timers.tick(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await turn(5);
    assert.deepEqual([...ended.keys()].sort(), ['silent', 'slow']);
    await turn(5);
    assert.deepEqual([...ended.keys()].sort(), ['burst', 'silent', 'slow']);
    await turn(50);
    assert.match(ended.get('steady') ?? '', /longer than 60000 ms/);
    assert.equal(ended.has('done'), false);
    assert.equal(gate.reading, 0);
  } finally {
    mock.timers.reset();
  }
});

test('whatever comes in which order, the bounds hold and nothing stays behind', () => {
  const step = fc.record({
    kind: fc.constantFrom('open', 'send', 'send', 'complete', 'close', 'wait'),
    pick: fc.nat(99),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const { clock, gate } = gateAt();
      const open: ReturnType<UploadGate['open']>[] = [];
      for (const { kind, pick } of steps) {
        const upload = open[pick % Math.max(1, open.length)];
        try {
          if (kind === 'open') open.push(gate.open(`10.0.0.${pick % 3}`, () => {}));
          if (kind === 'send') upload?.received(pick * 7);
          if (kind === 'complete') upload?.complete();
          if (kind === 'close') upload?.close();
          if (kind === 'wait') clock.ms += pick * 50;
        } catch (error) {
          assert.ok(error instanceof SkyfixError);
        }
        assert.ok(gate.bytes >= 0 && gate.bytes <= LIMITS.memoryBytes, `${gate.bytes} bytes`);
      }
      for (const upload of open) upload.close();
      assert.deepEqual([gate.reading, gate.bytes], [0, 0]);
    }),
    { seed: 1 },
  );
});
