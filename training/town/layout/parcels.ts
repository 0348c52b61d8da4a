// The land between roads: parcels of crops, pasture, bare soil, forest and scrub, with hedges and rows of trees.
import { hash3, makeRng, type Rng } from 'skyfix/random';
import { FREE_MATERIALS } from '../scene/materials.js';
import type { Scene } from '../scene/scene.js';
import { smoothNoise } from '../scene/smooth-noise.js';
import { forRectangle, type Point } from '../scene/stamp.js';
import type { Cover, Landscape } from './covers.js';
import type { Block, StreetNetwork } from './streets.js';
import { materialAt, plantForestTree, plantShrub } from './vegetation.js';

/** Spots in a cover: smooth noise of one number a metre. */
const SIZE = 256;
const WRAP = SIZE - 1;

interface Parcel {
  readonly cover: Cover;
  readonly tone: number;
  readonly rowsAcross: boolean;
  readonly hash: number;
  readonly west: number;
  readonly east: number;
  readonly south: number;
  readonly north: number;
}

type Split = { readonly acrossU: boolean; readonly at: number; readonly low: Land; readonly high: Land };
type Land = Parcel | Split;

/** Covers all free ground of every block with parcels, then plants what grows on them. */
export function drawParcels(scene: Scene, network: StreetNetwork, landscape: Landscape, seed: number): void {
  const rng = makeRng(seed, 51);
  const spots = smoothNoise(SIZE, 11, seed * 13 + 5);
  const mood = landscape.covers.map(({ share }) => share * Math.exp(rng.normal() * 0.5));
  for (const block of network.blocks) {
    const [p, q] = block.corners;
    const angle = Math.atan2(q.y - p.y, q.x - p.x) + (rng.chance(0.2) ? rng.range(-0.5, 0.5) : 0);
    const half =
      8 + Math.max(...block.corners.map(({ x, y }) => Math.hypot(x - block.centre.x, y - block.centre.y)));
    const parcels: Parcel[] = [];
    const land = divide(-half, half, -half, half, landscape, mood, rng, parcels);
    paintBlock(scene, block, angle, half, land, landscape, spots);
    const inside = insideOf(block);
    for (const parcel of parcels) plantParcel(scene, block.centre, angle, parcel, landscape, inside, rng);
  }
}

function divide(
  west: number,
  east: number,
  south: number,
  north: number,
  landscape: Landscape,
  mood: readonly number[],
  rng: Rng,
  parcels: Parcel[],
): Land {
  const wide = east - west;
  const high = north - south;
  if (wide * high < landscape.parcelM2 * rng.range(0.6, 2.2) || Math.min(wide, high) < 26) {
    const cover = pickCover(landscape, mood, rng);
    const parcel = {
      cover,
      tone: Math.exp(rng.normal() * 0.16),
      rowsAcross: rng.chance(0.5),
      hash: rng.next(),
      west,
      east,
      south,
      north,
    };
    parcels.push(parcel);
    return parcel;
  }
  const acrossU = wide > high;
  const share = rng.range(0.32, 0.68);
  const at = acrossU ? west + wide * share : south + high * share;
  const low = acrossU
    ? divide(west, at, south, north, landscape, mood, rng, parcels)
    : divide(west, east, south, at, landscape, mood, rng, parcels);
  const rest = acrossU
    ? divide(at, east, south, north, landscape, mood, rng, parcels)
    : divide(west, east, at, north, landscape, mood, rng, parcels);
  return { acrossU, at, low, high: rest };
}

function pickCover(landscape: Landscape, mood: readonly number[], rng: Rng): Cover {
  let left = rng.next() * mood.reduce((sum, share) => sum + share, 0);
  for (const [k, cover] of landscape.covers.entries()) {
    left -= mood[k] as number;
    if (left <= 0) return cover;
  }
  return landscape.covers[0] as Cover;
}

function parcelAt(land: Land, u: number, v: number): Parcel {
  let here = land;
  while ('at' in here) here = (here.acrossU ? u : v) < here.at ? here.low : here.high;
  return here;
}

function paintBlock(
  scene: Scene,
  block: Block,
  angle: number,
  half: number,
  land: Land,
  landscape: Landscape,
  spots: Float32Array,
): void {
  const inside = insideOf(block);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  forRectangle(scene, block.centre, angle, half, half, (cell, u, v) => {
    if ((scene.material[cell] as number) > FREE_MATERIALS) return;
    if (!inside(block.centre.x + u * cos - v * sin, block.centre.y + u * sin + v * cos)) return;
    // Edges of what people till are straight, others wander.
    const wander = 3 * (Math.sin(u * 0.13) + Math.sin(v * 0.17 + 1));
    const parcel = parcelAt(land, u, v);
    const { cover } = parcel;
    const edge = Math.min(u - parcel.west, parcel.east - u, v - parcel.south, parcel.north - v);
    if (edge < landscape.marginM + 0.6 * (hash3(cell, 8, 8) - 0.5)) {
      scene.material[cell] = landscape.margin;
      return;
    }
    const spot = spots[(Math.floor(v + 2 * wander) & WRAP) * SIZE + (Math.floor(u) & WRAP)] as number;
    const ragged = 0.12 * (hash3(cell, 17, 3) - 0.5);
    const { others } = cover;
    scene.material[cell] =
      others.length > 0 && spot + ragged > 0.42
        ? (others[Math.floor(parcel.hash * others.length)] as number)
        : cover.material;
    const along = parcel.rowsAcross ? u : v;
    const rows =
      cover.rowM > 0 ? cover.rowContrast * Math.sin((2 * Math.PI * (along + 0.02 * wander)) / cover.rowM) : 0;
    const tram = cover.tramM > 0 && Math.abs(Math.abs((along + 500) % cover.tramM) - 1) < 0.28 ? -0.14 : 0;
    scene.shade[cell] = Math.round(Math.min(255, Math.max(20, 128 * parcel.tone * (1 + rows + tram))));
  });
}

function insideOf(block: Block): (x: number, y: number) => boolean {
  const { corners } = block;
  return (x, y) => {
    let sign = 0;
    for (let k = 0; k < 4; k++) {
      const p = corners[k] as Point;
      const q = corners[(k + 1) & 3] as Point;
      const cross = (q.x - p.x) * (y - p.y) - (q.y - p.y) * (x - p.x);
      if (cross !== 0 && sign !== 0 && Math.sign(cross) !== sign) return false;
      if (cross !== 0) sign = Math.sign(cross);
    }
    return true;
  };
}

/** Trees and shrubs of a parcel on a jittered grid, and the trees along its edges. */
function plantParcel(
  scene: Scene,
  centre: Point,
  angle: number,
  parcel: Parcel,
  landscape: Landscape,
  inside: (x: number, y: number) => boolean,
  rng: Rng,
): void {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const { cover, west, east, south, north } = parcel;
  const toScene = (u: number, v: number): Point => ({
    x: centre.x + u * cos - v * sin,
    y: centre.y + u * sin + v * cos,
  });
  const plant = (at: Point, shrub: boolean, radiusM: number): void => {
    if (!inside(at.x, at.y)) return;
    if (shrub) plantShrub(scene, at, rng, radiusM);
    else plantForestTree(scene, at, rng, rng.chance(landscape.conifers) ? 1 : 0, radiusM);
  };
  if (cover.treeM > 0) {
    const dense = Math.exp(rng.normal() * 0.25);
    const step = cover.treeM / dense;
    for (let v = south; v < north; v += step) {
      for (let u = west; u < east; u += step) {
        const jitter = cover.orchard ? 0.3 : step * 0.85;
        const at = toScene(u + rng.range(-jitter, jitter), v + rng.range(-jitter, jitter));
        if (!cover.orchard && rng.chance(0.12)) continue;
        if (materialAt(scene, at) === cover.material)
          plant(at, cover.shrubs, rng.range(...cover.treeRadiusM));
      }
    }
  }
  if (!rng.chance(landscape.treeRows)) return;
  const along = rng.chance(0.5);
  const length = along ? east - west : north - south;
  const step = rng.range(3.5, 9);
  for (let k = 2; k < length - 2; k += step * rng.range(0.6, 1.4)) {
    const at = along
      ? toScene(west + k, south + rng.range(0.2, 1.6))
      : toScene(west + rng.range(0.2, 1.6), south + k);
    plant(at, rng.chance(0.3), rng.range(1.4, 4.2));
  }
}
