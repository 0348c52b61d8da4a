// The MAT-file reader against files written here and, where scipy is installed, against scipy.io in both directions.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { type MatArray, parseMat, readMatFile } from '../../datasets/index.js';
import { type MatFixture, matFile } from '../support/mat-fixture.js';

const VARIABLES: Record<string, MatFixture> = {
  panoIds: { chars: ['alpha ', 'beta  ', 'gamma_'] },
  utm: {
    numbers: [
      [1.5, -2],
      [3, 4e6],
      [5, Number.MAX_SAFE_INTEGER],
    ],
  },
  names: { cells: [{ chars: ['one'] }, { chars: ['two'] }, { numbers: [[7]] }] },
  trainSet: { fields: { trainInd: { numbers: [[1], [3]] }, note: { chars: ['x'] } } },
};
const LAYOUTS = [false, true].flatMap((compressed) =>
  [false, true].map((bigEndian) => ({ compressed, bigEndian })),
);

/** Arrays as plain values, matrices by rows. */
function plain(array: MatArray | undefined): unknown {
  switch (array?.kind) {
    case 'numeric': {
      const [rows = 0, columns = 0] = array.shape;
      return Array.from({ length: rows }, (_, i) =>
        Array.from({ length: columns }, (_, j) => array.data[j * rows + i]),
      );
    }
    case 'char':
      return array.rows;
    case 'cell':
      return array.cells.map(plain);
    case 'struct':
      return array.elements.map((fields) =>
        Object.fromEntries([...fields].map(([name, value]) => [name, plain(value)])),
      );
    default:
      return array;
  }
}

const EXPECTED = {
  panoIds: ['alpha ', 'beta  ', 'gamma_'],
  utm: [
    [1.5, -2],
    [3, 4e6],
    [5, Number.MAX_SAFE_INTEGER],
  ],
  names: [['one'], ['two'], [[7]]],
  trainSet: [{ trainInd: [[1], [3]], note: ['x'] }],
};
const allPlain = (variables: ReadonlyMap<string, MatArray>) =>
  Object.fromEntries([...variables].map(([name, value]) => [name, plain(value)]));

const hasScipy = spawnSync('python3', ['-c', 'import scipy.io']).status === 0;

function python(script: string, ...args: string[]): string {
  const run = spawnSync('python3', ['-c', script, ...args], { encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
}

describe('MAT-files', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skyfix-mat-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  it('reads strings, numbers, cells and structs, plain and compressed, in both byte orders', () => {
    for (const layout of LAYOUTS) {
      assert.deepEqual(allPlain(parseMat(matFile(VARIABLES, layout))), EXPECTED, JSON.stringify(layout));
    }
  });

  it('reads back any numbers and strings', () => {
    const matrix = fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
      .chain(([rows, columns]) =>
        fc.array(fc.array(fc.double({ noNaN: true }), { minLength: columns, maxLength: columns }), {
          minLength: rows,
          maxLength: rows,
        }),
      );
    const names = fc
      .integer({ min: 1, max: 6 })
      .chain((length) =>
        fc.array(fc.string({ unit: 'binary-ascii', minLength: length, maxLength: length }), { minLength: 1 }),
      );
    fc.assert(
      fc.property(matrix, names, fc.constantFrom(...LAYOUTS), (numbers, chars, layout) => {
        const file = matFile({ numbers: { numbers }, chars: { chars } }, layout);
        assert.deepEqual(allPlain(parseMat(file)), { numbers, chars });
      }),
    );
  });

  it('says what is wrong with a file that it cannot read, and never crashes on a damaged one', async () => {
    const file = matFile(VARIABLES, { compressed: true, bigEndian: false });
    const edited = (edit: (bytes: Buffer) => void): Buffer => {
      const bytes = Buffer.from(file);
      edit(bytes);
      return bytes;
    };
    const cases: [Buffer, RegExp][] = [
      [Buffer.alloc(0), /0 bytes/],
      [edited((bytes) => bytes.fill(0, 124, 128)), /no level 5 header/],
      [edited((bytes) => bytes.writeUInt16LE(0x0200, 124)), /its version is 200/],
      [file.subarray(0, file.length - 3), /longer than what holds it/],
      [edited((bytes) => bytes.fill(0xff, 140, 150)), /not a usable MAT-file/],
    ];
    for (const [k, [bytes, message]] of cases.entries()) {
      const path = join(folder, `bad-${k}.mat`);
      await writeFile(path, bytes);
      await assert.rejects(readMatFile(path), (error: Error) => {
        assert.match(error.message, message);
        assert.ok(error.message.includes(path));
        assert.equal((error as Error & { code: string }).code, 'DATASET_INVALID');
        return true;
      });
    }
    // Cut anywhere within its only variable, a file is refused.
    const whole = matFile({ names: VARIABLES.names as MatFixture }, { compressed: false, bigEndian: false });
    for (let length = 129; length < whole.length; length += 3) {
      assert.throws(() => parseMat(whole.subarray(0, length)), /ends within|longer than/, `cut at ${length}`);
    }
    await assert.rejects(readMatFile(join(folder, 'none.mat')), { code: 'DATASET_INVALID' });
  });

  it('reads version 7.3 as h5py writes it (fixtures/make_mat73.py), and refuses damaged ones by name', async () => {
    const path = fileURLToPath(new URL('../../../test/fixtures/mat-7.3.mat', import.meta.url));
    const { nothing, ...variables } = allPlain(await readMatFile(path));
    assert.deepEqual(variables, EXPECTED);
    assert.deepEqual(nothing, []);
    const whole = await readFile(path);
    for (const [k, bytes] of [
      whole.subarray(0, 2000),
      Buffer.concat([whole.subarray(0, 600), whole.subarray(900)]),
    ].entries()) {
      const bad = join(folder, `bad-7.3-${k}.mat`);
      await writeFile(bad, bytes);
      await assert.rejects(readMatFile(bad), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'DATASET_INVALID');
        assert.match(error.message, /bad-7\.3-\d\.mat is not a usable MAT-file: [^\n]{10,200}$/);
        return true;
      });
    }
  });

  it('reads what scipy.io writes', { skip: !hasScipy && 'python3 has no scipy' }, async () => {
    const script = `
import sys, numpy as np, scipy.io as sio
names = np.empty((1, 3), dtype=object)
names[0, 0], names[0, 1], names[0, 2] = 'one', 'two', np.array([[7.0]])
sio.savemat(sys.argv[1], {
  'panoIds': np.array(['alpha ', 'beta  ', 'gamma_']),
  'utm': np.array([[1.5, -2], [3, 4e6], [5, 9007199254740991]]),
  'names': names,
  'trainSet': {'trainInd': np.array([[1], [3]], dtype=np.int32), 'note': 'x'},
}, do_compression=sys.argv[2] == '1')`;
    for (const compressed of ['0', '1']) {
      const path = join(folder, `scipy-${compressed}.mat`);
      python(script, path, compressed);
      assert.deepEqual(allPlain(await readMatFile(path)), EXPECTED);
    }
  });

  it('writes test files that scipy.io reads alike', {
    skip: !hasScipy && 'python3 has no scipy',
  }, async () => {
    const script = `
import sys, json, scipy.io as sio
m = sio.loadmat(sys.argv[1])
print(json.dumps([m['utm'].tolist(), m['panoIds'].tolist(), (m['trainSet']['trainInd'][0][0] - 1).tolist()]))`;
    for (const [k, layout] of LAYOUTS.entries()) {
      const path = join(folder, `ours-${k}.mat`);
      await writeFile(path, matFile(VARIABLES, layout));
      assert.deepEqual(JSON.parse(python(script, path)), [EXPECTED.utm, EXPECTED.panoIds, [[0], [2]]]);
    }
  });
});
