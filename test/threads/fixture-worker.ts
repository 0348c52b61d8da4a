// A thread for tests: echoes, waits, and ends in every way in which threads end.
import { existsSync } from 'node:fs';
import { SkyfixError } from '../../src/errors/index.js';
import { moved, serveRequests } from '../../src/threads/index.js';

export interface FixtureRequests {
  echo(value: unknown): unknown;
  /** The sum, and the buffer given back. */
  double(values: Float32Array): Float32Array;
  count(to: number): number;
  fail(how: 'coded' | 'range' | 'plain' | 'uncloneable'): never;
  end(how: 'exit' | 'throw' | 'heap' | 'reject'): never;
}

export interface FixtureSetup {
  /** The thread opens while this file exists. */
  readonly onlyWith?: string;
  readonly atOnce?: number;
  readonly exitAtOnce?: boolean;
}

await serveRequests<FixtureRequests, FixtureSetup | undefined>((setup) => {
  if (setup?.exitAtOnce) process.exit(4);
  if (setup?.onlyWith !== undefined && !existsSync(setup.onlyWith)) {
    throw new SkyfixError('INDEX_MISSING', `${setup.onlyWith} is missing.`);
  }
  return {
    answers: {
      echo: (value) => value,
      double: (values) => {
        for (const [i, value] of values.entries()) values[i] = 2 * value;
        return moved(values, [values.buffer as ArrayBuffer]);
      },
      count: (to, report) => {
        for (let done = 1; done <= to; done++) report(done);
        return to;
      },
      fail: (how) => {
        if (how === 'coded') throw new SkyfixError('DISK_FULL', 'Nothing is left.');
        if (how === 'range') throw new RangeError('Row 7 is not there.');
        if (how === 'plain') throw new Error('out of luck');
        return (() => 0) as never;
      },
      end: (how) => {
        if (how === 'exit') process.exit(3);
        if (how === 'throw')
          setImmediate(() => {
            throw new Error('thrown by nobody in particular');
          });
        if (how === 'reject') void Promise.reject(new Error('rejected by nobody in particular'));
        if (how === 'heap') {
          const kept: number[][] = [];
          for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => i + 0.5));
        }
        return new Promise(() => {}) as never;
      },
    },
  };
});
