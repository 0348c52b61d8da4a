// Throughput by cores: which processors there are, which are taken, and what is said of the runs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { type ByCores, coresLegend, coresSvg, coresTable, measureByCores } from '../../loadtest/by-cores.js';
import { coreCounts, heldTo, parseCpuList, spreadOut, usableProcessors } from '../../loadtest/cores.js';
import type { Load, LoadResult } from '../../loadtest/drive.js';

describe('processors', () => {
  test("lists as Linux writes them (cpuset(7), 'List format')", () => {
    assert.deepEqual(parseCpuList('0-4,9\n'), [0, 1, 2, 3, 4, 9]);
    assert.deepEqual(parseCpuList('0-2,7,12-14'), [0, 1, 2, 7, 12, 13, 14]);
    assert.deepEqual(parseCpuList('3'), [3]);
    for (const text of ['', '1-', 'a', '3-1', '1;2', '-1', '0x3']) {
      assert.throws(() => parseCpuList(text), /no list of processors/, JSON.stringify(text));
    }
  });

  test('threads of different cores come first, whichever way the system numbers them', () => {
    const beside = (processor: number) => [processor & ~1, processor | 1];
    assert.deepEqual(spreadOut([0, 1, 2, 3, 4, 5], beside), [0, 2, 4, 1, 3, 5]);
    const behind = (processor: number) => [processor % 4, (processor % 4) + 4];
    assert.deepEqual(spreadOut([0, 1, 2, 3, 4, 5, 6, 7], behind), [0, 1, 2, 3, 4, 5, 6, 7]);
    // A thread whose sibling is another's has a core to itself, as far as this process goes.
    assert.deepEqual(spreadOut([1, 2, 3], beside), [1, 2, 3]);
    assert.deepEqual(
      spreadOut([7, 5], (processor) => [processor]),
      [5, 7],
    );
  });

  test('what --cores says', () => {
    assert.deepEqual(coreCounts('all', 1), [1]);
    assert.deepEqual(coreCounts('all', 2), [1, 2]);
    assert.deepEqual(coreCounts('all', 4), [1, 2, 3, 4]);
    assert.deepEqual(coreCounts(' all ', 24), [1, 2, 3, 4, 8, 16, 24]);
    assert.deepEqual(coreCounts('all', 32), [1, 2, 3, 4, 8, 16, 32]);
    assert.deepEqual(coreCounts('4, 1,2,4', 4), [1, 2, 4]);
    for (const text of ['', '0', '5', '1.5', '1,,2', 'two', '1-4', '1e0', '-1']) {
      assert.throws(
        () => coreCounts(text, 4),
        /--cores is ".*"; it must be "all" or whole numbers from 1 to 4/,
        text,
      );
    }
  });

  test('a process that is held to one of them sees one', async () => {
    assert.deepEqual(heldTo([], ['node', 'x']), ['node', 'x']);
    assert.deepEqual(heldTo([0, 2], ['node', 'x']), ['taskset', '-c', '0,2', 'node', 'x']);
    if (process.platform !== 'linux') return;
    const [first = 0] = await usableProcessors();
    const script = 'console.log(os.availableParallelism())';
    const [program = '', ...args] = heldTo([first], [process.execPath, '-e', script]);
    assert.equal((await promisify(execFile)(program, args)).stdout.trim(), '1');
  });
});

describe('the runs', () => {
  /** A server whose answers a second are 10 a core, less where other than 2 clients a core ask. */
  const madeUp = () => {
    const [started, stopped]: [number[][], string[]] = [[], []];
    let usedMs = 0;
    const asked: ByCores = {
      processors: [0, 2, 1],
      counts: [1, 3],
      panoramas: [Buffer.from('a')],
      seconds: 2,
      start: async (processors) => {
        started.push([...processors]);
        const url = `http://${processors.length}`;
        return { url, pid: processors.length, stop: async () => void stopped.push(url) };
      },
      drive: async ({ url, connections, seconds }: Load): Promise<LoadResult> => {
        const cores = Number(url.slice('http://'.length));
        const throughput = 10 * cores - Math.abs(connections - 2 * cores);
        const latenciesMs = Array.from({ length: throughput * seconds }, (_, k) => 100 + k);
        usedMs += 50 * latenciesMs.length;
        return { connections, latenciesMs, throughput, refused: connections, failures: 0, timings: [] };
      },
      processorMsOf: () => usedMs,
    };
    return { asked, started, stopped };
  };

  test('each server has its processors, is stopped, and stands for the clients that were answered the most', async () => {
    const { asked, started, stopped } = madeUp();
    const results = await measureByCores(asked);
    assert.deepEqual(started, [[0], [0, 2, 1]]);
    assert.deepEqual(stopped, ['http://1', 'http://3']);
    assert.deepEqual(
      results.map(({ cores, best, processorMs }) => [cores, best.connections, best.throughput, processorMs]),
      [
        [1, 2, 10, 50],
        [3, 6, 30, 50],
      ],
    );
    assert.equal(
      coresTable(results),
      [
        '| cores | clients | answered/s | × 1 core | p50 | p95 | processor | refused | failed |',
        '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
        '| 1 | 2 | 10.0 | 1.00 | 109 | 118 | 50 | 2 | 0 |',
        '| 3 | 6 | 30.0 | 3.00 | 129 | 156 | 50 | 6 | 0 |',
      ].join('\n'),
    );
    assert.match(coresLegend(3), /where the server has all 3\.$/);
    const svg = coresSvg(results);
    assert.equal(svg.match(/<circle /g)?.length, 4);
    assert.ok(!svg.includes('NaN'));
    assert.match(coresTable(results.slice(1)), /× 3 cores .*\n.*\n\| 3 \| 6 \| 30\.0 \| 1\.00 /);
  });

  test('a run that breaks stops its server; failures of all runs count', async () => {
    const { asked, stopped } = madeUp();
    const drive = async (load: Load) => {
      if (load.connections === 12) throw new Error('the network is gone');
      return { ...(await asked.drive(load)), failures: 2 };
    };
    await assert.rejects(measureByCores({ ...asked, drive }), /the network is gone/);
    assert.deepEqual(stopped, ['http://1', 'http://3']);
    const [result] = await measureByCores({ ...asked, counts: [1], drive });
    assert.equal(result?.failures, 6);
  });

  test('where nothing is answered there are no figures, and no NaN', async () => {
    const { asked } = madeUp();
    const none = { latenciesMs: [], throughput: 0, refused: 3, failures: 0, timings: [] };
    const drive = async ({ connections }: Load) => ({ connections, ...none });
    const results = await measureByCores({ ...asked, drive });
    assert.ok(!coresTable(results).includes('NaN'), coresTable(results));
  });
});
