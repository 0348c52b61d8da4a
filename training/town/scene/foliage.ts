// The leaves of each tree of a world in one season: their colour, and how far one sees through the crown.
import { hash3 } from 'skyfix/random';
import type { Growth } from './palette.js';
import type { Scene, Tree } from './scene.js';

/** A kind of tree of a landscape. */
export interface Species {
  readonly rgb: readonly [number, number, number];
  /** How common it is beside the others. */
  readonly weight: number;
  /** Keeps its leaves and their colour. */
  readonly evergreen: boolean;
  /** Colour of its leaves before they fall. */
  readonly turned?: readonly [number, number, number];
  /** How loose the crown is in leaf, 0 dense … 1. */
  readonly loose?: number;
}

export interface Foliage {
  /** [(trees + 1) * 3] colour of the leaves by the number in scene.tree. */
  readonly rgb: Float32Array;
  /** [trees + 1] share of the crown that one sees through. */
  readonly open: Float32Array;
}

const TWIGS = [112, 98, 84] as const;
const RUST = [168, 112, 52] as const;

/** Draws the leaves of all trees; the same trees have the same species in every season. */
export function drawFoliage(scene: Scene, species: readonly Species[], growth: Growth): Foliage {
  const count = scene.trees.length + 1;
  const rgb = new Float32Array(new SharedArrayBuffer(count * 12));
  const open = new Float32Array(new SharedArrayBuffer(count * 4));
  const broad = species.filter(({ evergreen }) => !evergreen);
  const evergreen = species.filter((kind) => kind.evergreen);
  scene.trees.forEach((tree, k) => {
    const kind = pickSpecies(tree, tree.kind === 1 ? orElse(evergreen, species) : orElse(broad, species));
    const own = (part: number): number => hash3(Math.floor(tree.hash * 1e6), part, 19);
    let colour: readonly number[] = kind.rgb;
    let seen = kind.loose ?? 0.1;
    if (!kind.evergreen) {
      if (own(1) < growth.bare) {
        colour = TWIGS;
        seen = 0.62 + 0.2 * own(2);
      } else {
        const t = Math.min(Math.max(growth.turned * 1.6 - own(3) * 0.6, 0), 1);
        colour = kind.rgb.map((value, c) => value * (1 - t) + (kind.turned ?? RUST)[c as 0 | 1 | 2] * t);
        seen += 0.25 * t;
      }
    }
    const tone = 0.78 + 0.44 * own(4);
    const warm = (own(5) - 0.5) * 0.2;
    const tint = [tone * (1 + warm), tone, tone * (1 - warm)];
    rgb.set(
      colour.map((value, c) => value * (tint[c] as number)),
      (k + 1) * 3,
    );
    open[k + 1] = seen;
  });
  return { rgb, open };
}

const orElse = (some: readonly Species[], all: readonly Species[]) => (some.length > 0 ? some : all);

function pickSpecies(tree: Tree, kinds: readonly Species[]): Species {
  let left = hash3(Math.floor(tree.hash * 1e6), 0, 19) * kinds.reduce((sum, { weight }) => sum + weight, 0);
  for (const kind of kinds) {
    left -= kind.weight;
    if (left <= 0) return kind;
  }
  return kinds[0] as Species;
}
