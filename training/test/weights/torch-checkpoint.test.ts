// Checkpoints that PyTorch itself wrote (fixtures/make_trunk.py), damaged ones and hostile ones.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readTorchCheckpoint } from '../../weights/index.js';

const fixture = (name: string) =>
  readFile(fileURLToPath(new URL(`../../../test/fixtures/${name}.pth`, import.meta.url)));

const pickled = (text: string) => Buffer.from(text, 'latin1');

describe('a dictionary of tensors', () => {
  for (const form of ['checkpoint-zip', 'checkpoint-legacy']) {
    test(`as torch.save writes it: ${form}`, async () => {
      const arrays = readTorchCheckpoint(await fixture(form), form);
      const values = Object.fromEntries(
        Object.entries(arrays).map(([name, { shape, data }]) => [name, [[...shape], [...data]]]),
      );
      assert.deepEqual(values, {
        matrix: [
          [2, 3],
          [0, 1, 2, 3, 4, 5],
        ],
        transposed: [
          [3, 2],
          [0, 3, 1, 4, 2, 5],
        ],
        row: [[3], [3, 4, 5]],
        half: [[2], [0.5, -2]],
        brain: [[2], [1.5, -3]],
        double: [[1, 1], [Math.fround(1 / 3)]],
        count: [[], [7]],
        parameter: [[2], [1, 2]],
      });
    });
    test(`cut off or changed anywhere it is refused, or read: ${form}`, async () => {
      const bytes = await fixture(form);
      for (let length = 0; length < bytes.length; length += 7) {
        assert.throws(() => readTorchCheckpoint(bytes.subarray(0, length), form), {
          code: 'WEIGHTS_INVALID',
          message: new RegExp(form),
        });
      }
      for (let at = 0; at < bytes.length; at++) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 + (at % 255));
        try {
          readTorchCheckpoint(changed, form);
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'WEIGHTS_INVALID', `byte ${at}: ${String(error)}`);
        }
      }
    });
  }
});

describe('what could run code is refused by its name', () => {
  test('a function that is called', () => {
    // What pickle.dumps makes of an object whose __reduce__ is (os.system, ("touch x",)).
    const bytes = pickled('\x80\x02cposix\nsystem\nq\x00X\x07\x00\x00\x00touch xq\x01\x85q\x02Rq\x03.');
    assert.throws(() => readTorchCheckpoint(bytes, 'bad.pth'), {
      code: 'WEIGHTS_INVALID',
      message: /bad\.pth: .*posix\.system/,
    });
  });
  test('the same in protocol 4', () => {
    const bytes = pickled('\x80\x04\x8c\x02os\x8c\x06system\x93.');
    assert.throws(() => readTorchCheckpoint(bytes, 'bad.pth'), { message: /os\.system/ });
  });
  test('opcodes that tensors do not need', () => {
    assert.throws(() => readTorchCheckpoint(pickled('\x80\x02I1\n.'), 'bad.pth'), { message: /opcode "I"/ });
  });
  test('other files', () => {
    for (const bytes of [Buffer.alloc(0), pickled('hello'), pickled('\x80\x02K\x01.')]) {
      assert.throws(() => readTorchCheckpoint(bytes, 'other'), { code: 'WEIGHTS_INVALID' });
    }
  });
});
