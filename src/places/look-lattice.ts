// The lattice that several looks at one view form.
import type { Offset } from '../describe/index.js';
import { SkyfixError } from '../errors/index.js';

/** How far a look may lie beside its point of the lattice, steps: the rounding of offsets. */
const SLACK_STEPS = 1e-3;

/**
 * Looks that form a square lattice around the camera. Checked when it is made, and so true of every lattice: as many columns
 * as rows, an odd number and at least three, neighbours one step apart, one look at each point, the one in the middle at
 * the camera's own ground. A single look is no lattice: it has no step.
 */
export class LookLattice<T extends Offset = Offset> {
  readonly looks: readonly T[];
  /** Looks in a row. */
  readonly side: number;
  /** Between neighbours, metres. */
  readonly stepM: number;
  /** From the camera to the outermost column, metres. */
  readonly reachM: number;
  /** Number of the look at [column * side + row], from the south-west. */
  readonly #at: Int32Array;

  /**
   * Looks that are silent are where no look is, for `lookAt`. Throws INTERNAL where the looks are no such lattice: they come
   * from a bundle whose geometry was checked.
   */
  constructor(looks: readonly T[], isSilent: (look: T) => boolean = () => false) {
    const apart = looks.map(({ eastM }) => Math.abs(eastM));
    this.looks = looks;
    this.reachM = Math.max(...apart);
    this.stepM = Math.min(...apart.filter((m) => m > 1e-9));
    this.side = Math.round((2 * this.reachM) / this.stepM) + 1;
    const { side } = this;
    if (!(side >= 3 && side % 2 === 1 && side * side === looks.length)) throw noLattice(looks);
    this.#at = new Int32Array(side * side).fill(-1);
    for (const [l, { eastM, northM }] of looks.entries()) {
      const cell = this.#cell(eastM, northM);
      if (cell < 0 || this.#at[cell] !== -1 || !this.#onPoint(eastM) || !this.#onPoint(northM)) {
        throw noLattice(looks);
      }
      this.#at[cell] = l;
    }
    for (const look of looks) {
      if (isSilent(look)) this.#at[this.#cell(look.eastM, look.northM)] = -1;
    }
  }

  /** Number of the look that shows the ground so far from the camera, to half a step; -1 where none does. */
  lookAt(eastM: number, northM: number): number {
    const cell = this.#cell(eastM, northM);
    return cell < 0 ? -1 : (this.#at[cell] as number);
  }

  /** Every second look, the middle included: a lattice of twice the step. A lattice of three looks a side stays as it is. */
  coarse(): LookLattice<T> {
    if (this.side === 3) return this;
    const even = (m: number) => Math.round(m / this.stepM) % 2 === 0;
    return new LookLattice(this.looks.filter(({ eastM, northM }) => even(eastM) && even(northM)));
  }

  /**
   * The looks that find candidates: the coarse ones of the lattice's inner half and at least those around the middle. A
   * tile within a few metres of the ground of one of them is found; the others only add evidence.
   */
  finders(): readonly T[] {
    const mostM = Math.max(this.reachM / 2, 2 * this.stepM) + 1e-6;
    const inner = (m: number) => Math.abs(m) <= mostM;
    return this.coarse().looks.filter(({ eastM, northM }) => inner(eastM) && inner(northM));
  }

  #cell(eastM: number, northM: number): number {
    const { side, stepM, reachM } = this;
    const column = Math.round((eastM + reachM) / stepM);
    const row = Math.round((northM + reachM) / stepM);
    return column < 0 || column >= side || row < 0 || row >= side ? -1 : column * side + row;
  }

  #onPoint(m: number): boolean {
    const steps = m / this.stepM;
    return Math.abs(steps - Math.round(steps)) <= SLACK_STEPS;
  }
}

function noLattice(looks: readonly Offset[]): SkyfixError {
  const some = looks.slice(0, 4).map(({ eastM, northM }) => `${eastM},${northM}`);
  return new SkyfixError(
    'INTERNAL',
    `${looks.length} looks at ${some.join(' ')} ... m are no square lattice of an odd number a side around the camera.`,
  );
}
