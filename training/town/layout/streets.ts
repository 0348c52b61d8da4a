// The street network: a warped, jittered grid with missing edges, lanes through big blocks, a diagonal avenue
// and a canal. Nothing is drawn here.
import { makeRng, type Rng } from 'skyfix/random';
import { lengthOf, type Point } from '../scene/stamp.js';

export type StreetKind = 'avenue' | 'street' | 'residential' | 'lane';

export interface Street {
  readonly kind: StreetKind;
  readonly line: readonly Point[];
  readonly lengthM: number;
  /** Half the carriageway, metres. */
  readonly halfM: number;
  readonly pavementM: number;
  /** Free of markings at the start and the end, metres (the junctions). */
  readonly startM: number;
  readonly endM: number;
  readonly district: District;
  readonly hash: number;
}

export interface Junction extends Point {
  readonly radiusM: number;
  readonly roundabout: boolean;
  readonly degree: number;
}

/** A cell of the warped grid: a block, or several. */
export interface Block {
  readonly corners: readonly [Point, Point, Point, Point];
  readonly centre: Point;
  readonly district: District;
}

export interface StreetNetwork {
  readonly streets: readonly Street[];
  readonly junctions: readonly Junction[];
  readonly blocks: readonly Block[];
  readonly canal: readonly Point[];
}

/** Kinds of built-up area of the town, and those of worlds. */
export type TownDistrict = 'old-town' | 'suburb' | 'terraces' | 'blocks' | 'industry';
export type WorldDistrict = 'detached' | 'rows' | 'courts' | 'hamlet' | 'farmland' | 'arid';
export type District = TownDistrict | WorldDistrict;

/** What a network is drawn from. */
export interface NetworkPlan {
  /** Distance between streets. */
  readonly spacingM: number;
  /** How far a junction may lie from its place in the grid, and how much the grid is bent. */
  readonly jitterM: number;
  readonly bendM: number;
  /** Districts in the order in which they are laid out, and their mean size. */
  readonly districts: readonly District[];
  readonly districtM2: number;
  /** How likely a minor street is left out, and a diagonal one added. */
  readonly missing: number;
  readonly diagonals: number;
  /** How likely a lane runs through a block of a district. */
  readonly lanes: Partial<Record<District, number>>;
  /** Half the carriageway and the pavement of each kind. */
  readonly kinds: Record<StreetKind, { readonly halfM: number; readonly pavementM: number }>;
  /** How likely a junction of wide and of other streets is a roundabout. */
  readonly roundabouts: readonly [wide: number, other: number];
}

const TOWN_PLAN: NetworkPlan = {
  spacingM: 94,
  jitterM: 20,
  bendM: 26,
  districts: ['suburb', 'old-town', 'blocks', 'terraces', 'suburb', 'terraces', 'industry'],
  // Small enough that every area of a split holds all kinds.
  districtM2: 60_000,
  missing: 0.14,
  diagonals: 0.05,
  lanes: { 'old-town': 0.6, suburb: 0.22, terraces: 0.4, blocks: 0.15, industry: 0.05 },
  kinds: {
    avenue: { halfM: 6.5, pavementM: 3.5 },
    street: { halfM: 4, pavementM: 2.5 },
    residential: { halfM: 3, pavementM: 1.75 },
    lane: { halfM: 2.25, pavementM: 1 },
  },
  roundabouts: [0.3, 0.05],
};

/** The district at a point: the nearest of a few seeds. */
function makeDistricts(sideM: number, rng: Rng, plan: NetworkPlan): (point: Point) => District {
  const count = Math.max(7, Math.round((sideM * sideM) / plan.districtM2));
  const seeds: { x: number; y: number; district: District }[] = [];
  const order = plan.districts;
  for (let k = 0; k < count; k++) {
    let best = { x: 0, y: 0 };
    let bestGap = -1;
    for (let attempt = 0; attempt < 6; attempt++) {
      const point = { x: rng.range(0, sideM), y: rng.range(0, sideM) };
      const gap = Math.min(...seeds.map((seed) => Math.hypot(seed.x - point.x, seed.y - point.y)), 1e9);
      if (gap > bestGap) {
        bestGap = gap;
        best = point;
      }
    }
    seeds.push({ ...best, district: order[k % order.length] as District });
  }
  return (point) => {
    let best = order[0] as District;
    let least = Number.POSITIVE_INFINITY;
    for (const seed of seeds) {
      const distance = Math.hypot(seed.x - point.x, seed.y - point.y);
      if (distance < least) {
        least = distance;
        best = seed.district;
      }
    }
    return best;
  };
}

function curve(a: Point, b: Point, bend: number): Point[] {
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  const steps = Math.max(2, Math.round(length / 5));
  const nx = -(b.y - a.y) / length;
  const ny = (b.x - a.x) / length;
  const points: Point[] = [];
  for (let k = 0; k <= steps; k++) {
    const t = k / steps;
    const off = bend * 4 * t * (1 - t);
    points.push({ x: a.x + (b.x - a.x) * t + nx * off, y: a.y + (b.y - a.y) * t + ny * off });
  }
  return points;
}

/** Draws the network of a town of sideM metres; streets run a little over its edge. */
export function makeStreets(sideM: number, seed: number, plan: NetworkPlan = TOWN_PLAN): StreetNetwork {
  const rng = makeRng(seed, 1);
  const districtAt = makeDistricts(sideM, makeRng(seed, 2), plan);
  const { jitterM, bendM, kinds } = plan;
  const count = Math.ceil((sideM + 60) / plan.spacingM) + 1;
  const step = (sideM + 60) / (count - 1);
  const warp = rng.range(0, 6);
  const nodes: Point[] = [];
  for (let j = 0; j < count; j++) {
    for (let i = 0; i < count; i++) {
      const x = -30 + i * step;
      const y = -30 + j * step;
      nodes.push({
        x:
          x +
          rng.range(-jitterM, jitterM) +
          bendM * Math.sin(y / 190 + warp) +
          9 * Math.sin(y / 67 + warp * 2),
        y: y + rng.range(-jitterM, jitterM) + bendM * Math.sin(x / 210 + warp * 1.7) + 9 * Math.sin(x / 71),
      });
    }
  }
  const node = (i: number, j: number): Point => nodes[j * count + i] as Point;
  const avenueRow = Math.floor(count / 2);
  const avenueColumn = Math.floor(count * 0.38);
  const streetRows = new Set([Math.floor(count * 0.22), Math.floor(count * 0.8)]);
  const streetColumns = new Set([Math.floor(count * 0.15), Math.floor(count * 0.7)]);

  interface Draft {
    from: number;
    to: number;
    kind: StreetKind;
    line: Point[];
  }
  const drafts: Draft[] = [];
  const addEdge = (from: number, to: number, kind: StreetKind): void => {
    const bend = rng.chance(0.55) ? rng.normal() * 4 : rng.normal() * 1;
    drafts.push({ from, to, kind, line: curve(nodes[from] as Point, nodes[to] as Point, bend) });
  };
  for (let j = 0; j < count; j++) {
    for (let i = 0; i < count; i++) {
      const here = j * count + i;
      const horizontal: StreetKind =
        j === avenueRow ? 'avenue' : streetRows.has(j) ? 'street' : 'residential';
      const vertical: StreetKind =
        i === avenueColumn ? 'avenue' : streetColumns.has(i) ? 'street' : 'residential';
      if (i + 1 < count && (horizontal !== 'residential' || rng.chance(1 - plan.missing)))
        addEdge(here, here + 1, horizontal);
      if (j + 1 < count && (vertical !== 'residential' || rng.chance(1 - plan.missing)))
        addEdge(here, here + count, vertical);
      if (i + 1 < count && j + 1 < count && rng.chance(plan.diagonals))
        addEdge(here, here + count + 1, 'residential');
    }
  }
  const blocks: Block[] = [];
  for (let j = 0; j + 1 < count; j++) {
    for (let i = 0; i + 1 < count; i++) {
      const corners = [node(i, j), node(i + 1, j), node(i + 1, j + 1), node(i, j + 1)] as const;
      const centre = {
        x: corners.reduce((sum, p) => sum + p.x, 0) / 4,
        y: corners.reduce((sum, p) => sum + p.y, 0) / 4,
      };
      const district = districtAt(centre);
      blocks.push({ corners: [...corners], centre, district });
      if (rng.chance(plan.lanes[district] ?? 0)) {
        const t = rng.range(0.4, 0.6);
        const across = rng.chance(0.5);
        const [a, b, c, d] = across
          ? ([corners[0], corners[1], corners[3], corners[2]] as const)
          : ([corners[0], corners[3], corners[1], corners[2]] as const);
        const p = { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t };
        const q = { x: c.x + (d.x - c.x) * t, y: c.y + (d.y - c.y) * t };
        const end = rng.chance(0.25) ? 0.6 : 1;
        const line = curve(p, { x: p.x + (q.x - p.x) * end, y: p.y + (q.y - p.y) * end }, rng.normal() * 4);
        drafts.push({ from: -1, to: -1, kind: 'lane', line });
      }
    }
  }
  const degree = new Map<number, number>();
  const radius = new Map<number, number>();
  for (const draft of drafts) {
    for (const end of [draft.from, draft.to]) {
      if (end < 0) continue;
      degree.set(end, (degree.get(end) ?? 0) + 1);
      radius.set(end, Math.max(radius.get(end) ?? 0, kinds[draft.kind].halfM));
    }
  }
  const roundabouts = new Set<number>();
  for (let k = 0; k < nodes.length; k++) {
    const wide = (radius.get(k) ?? 0) >= 4;
    if ((degree.get(k) ?? 0) >= 4 && rng.chance(plan.roundabouts[wide ? 0 : 1])) roundabouts.add(k);
  }
  const trim = (end: number): number => {
    if (end < 0) return 8;
    if (roundabouts.has(end)) return 16;
    return (degree.get(end) ?? 1) > 1 ? (radius.get(end) ?? 3) + 4 : 2;
  };
  const streets = drafts.map((draft): Street => {
    const middle = draft.line[Math.floor(draft.line.length / 2)] as Point;
    return {
      kind: draft.kind,
      line: draft.line,
      lengthM: lengthOf(draft.line),
      ...kinds[draft.kind],
      startM: trim(draft.from),
      endM: trim(draft.to),
      district: districtAt(middle),
      hash: rng.next(),
    };
  });
  const junctions = nodes.flatMap((point, k): Junction[] =>
    (degree.get(k) ?? 0) === 0
      ? []
      : [
          {
            ...point,
            radiusM: radius.get(k) ?? 3,
            roundabout: roundabouts.has(k),
            degree: degree.get(k) ?? 0,
          },
        ],
  );
  const canal: Point[] = [];
  const canalAt = sideM * rng.range(0.55, 0.62);
  for (let x = -40; x <= sideM + 40; x += 12) {
    canal.push({ x, y: canalAt + 0.22 * (x - sideM / 2) + 40 * Math.sin(x / 160 + warp) });
  }
  return { streets, junctions, blocks, canal };
}
