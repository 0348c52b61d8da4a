// The queue against a plain model: never more at work than allowed, first come first served, no place lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SkyfixError } from '../../src/errors/index.js';
import { WorkQueue } from '../../src/http/index.js';
import { deferred } from '../support/fake-regions.js';

type Step = { readonly kind: 'arrive' | 'finish' | 'leave'; readonly pick: number };

const steps = fc.array(
  fc.record<Step>({ kind: fc.constantFrom('arrive', 'arrive', 'finish', 'leave'), pick: fc.nat(1000) }),
  { maxLength: 60 },
);

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('any order of arrivals, ends and departures keeps the bounds and the order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 3 }),
      steps,
      async (slots, places, run) => {
        const queue = new WorkQueue(slots, places);
        const controllers = new Map<number, AbortController>();
        const gates = new Map<number, ReturnType<typeof deferred<void>>>();
        const began: number[] = [];
        let waiting: number[] = [];
        let working: number[] = [];
        const expected: number[] = [];
        const fill = () => {
          while (working.length < slots && waiting.length > 0) {
            const next = waiting.shift() as number;
            working.push(next);
            expected.push(next);
          }
        };
        let id = 0;
        for (const { kind, pick } of run) {
          if (kind === 'arrive') {
            if (working.length + waiting.length >= slots + places) {
              await assert.rejects(
                queue.run(async () => {}, new AbortController().signal),
                (error) => error instanceof SkyfixError && error.code === 'QUEUE_FULL',
              );
              continue;
            }
            const mine = id++;
            const gate = deferred<void>();
            const controller = new AbortController();
            gates.set(mine, gate);
            controllers.set(mine, controller);
            const work = () => {
              began.push(mine);
              return gate.promise;
            };
            queue.run(work, controller.signal).catch(() => {});
            waiting.push(mine);
          } else if (kind === 'finish' && working.length > 0) {
            const done = working[pick % working.length];
            working = working.filter((other) => other !== done);
            gates.get(done as number)?.resolve();
          } else if (kind === 'leave' && waiting.length > 0) {
            const gone = waiting[pick % waiting.length];
            waiting = waiting.filter((other) => other !== gone);
            controllers.get(gone as number)?.abort(new Error('gone'));
          }
          fill();
          await settled();
          assert.deepEqual(began, expected);
          assert.equal(queue.running, working.length);
          assert.equal(queue.depth, waiting.length);
        }
      },
    ),
    { numRuns: 60, seed: 1 },
  );
});
