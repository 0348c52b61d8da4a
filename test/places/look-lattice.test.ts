// A lattice keeps what it promises, and nothing that is none becomes one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LookLattice, type Offset } from '../../src/places/index.js';

const square = (side: number, stepM: number): Offset[] =>
  Array.from({ length: side * side }, (_, l) => ({
    eastM: ((l % side) - (side - 1) / 2) * stepM,
    northM: (Math.floor(l / side) - (side - 1) / 2) * stepM,
  }));

test('an odd square of looks is a lattice: step, reach, and the look nearest to any offset', () => {
  const odd = fc.constantFrom(3, 5, 7, 9, 11);
  const part = fc.double({ min: -1.2, max: 1.2, noNaN: true });
  fc.assert(
    fc.property(
      odd,
      fc.double({ min: 0.3, max: 40, noNaN: true }),
      part,
      part,
      fc.nat(1000),
      (side, stepM, x, y, turn) => {
        const looks = square(side, stepM);
        const order = looks.map((_, l) => looks[(l + turn) % looks.length] as Offset);
        const lattice = new LookLattice(order);
        assert.equal(lattice.side, side);
        assert.ok(Math.abs(lattice.stepM - stepM) < 1e-9);
        assert.ok(Math.abs(lattice.reachM - (stepM * (side - 1)) / 2) < 1e-9);
        const [eastM, northM] = [x * lattice.reachM, y * lattice.reachM];
        const apart = (look: Offset) =>
          Math.max(Math.abs(look.eastM - eastM), Math.abs(look.northM - northM));
        const nearest = Math.min(...order.map(apart));
        const at = lattice.lookAt(eastM, northM);
        if (at < 0) assert.ok(nearest >= stepM / 2 - 1e-9);
        else assert.ok(apart(order[at] as Offset) <= stepM / 2 + 1e-9);
      },
    ),
  );
});

test('the coarse lattice and the looks that find candidates are never one look, and hold the middle', () => {
  for (const side of [3, 5, 7, 9, 11, 13]) {
    const lattice = new LookLattice(square(side, 4));
    const coarse = lattice.coarse();
    assert.ok(coarse.looks.length >= 9, `${side} looks a side become ${coarse.looks.length}`);
    assert.equal(coarse.stepM, side === 3 ? 4 : 8);
    const finders = lattice.finders();
    assert.ok(finders.length >= 9);
    assert.ok(finders.some(({ eastM, northM }) => eastM === 0 && northM === 0));
  }
});

test('what is no such lattice is refused: one look, even sides, holes, doubles, oblongs, points beside', () => {
  const three = square(3, 4);
  const moved = three.map((look, l) => (l === 5 ? { ...look, eastM: look.eastM + 1 } : look));
  const double = three.map((look, l) => (l === 5 ? (three[4] as Offset) : look));
  const oblong = square(3, 4).map(({ eastM, northM }) => ({ eastM, northM: 2 * northM }));
  const beside = three.map(({ eastM, northM }) => ({ eastM: eastM + 2, northM }));
  const wrong = [[], [{ eastM: 0, northM: 0 }], square(2, 4), square(4, 4), three.slice(1), moved, double];
  for (const looks of [...wrong, oblong, beside]) {
    assert.throws(() => new LookLattice(looks), { code: 'INTERNAL', message: /no square lattice/ });
  }
});
