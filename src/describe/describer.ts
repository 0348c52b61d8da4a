// The one way from a BEV to descriptors: BEVs become views, views are looked at, looks become descriptors. Requests, index
// builds, evaluation and the command line all go it.
import {
  type BundleManifest,
  bevPerViewPx,
  looksPerSide,
  MOST_AT_ONCE,
  MOST_VIEWS_AT_ONCE,
  viewSizePx,
} from '../bundles/index.js';
import {
  type ByteTensor,
  type Precision,
  restoreLength,
  type Tensor,
  unitLengthFault,
} from '../engines/index.js';
import { type ErrorCode, SkyfixError } from '../errors/index.js';
import { areaDownsample, type Bev, type RgbImage } from '../geometry/index.js';
import { bevToNchw, cropSquares, rgbToNchw, signedToUnit, stackTensors } from '../imaging/index.js';
import { runInParts } from './batches.js';
import { denseRows, type Look, type LookCorner, lookCorners, lookOffsets, type Offset } from './looks.js';
import type { Networks } from './networks.js';

type Manifest = Pick<BundleManifest, 'geometry' | 'descriptor' | 'looks'>;

/** Of these a descriptor's length comes back rounded, up to 0.6 % off in bf16, whatever the network does at its end. */
const COARSE: ReadonlySet<Precision> = new Set(['bf16', 'int8']);

/** What BEVs became, and what was seen in it. */
export interface SeenViews {
  /** [n,3,V,V] in [0,1] */
  readonly views: Tensor;
  /** [n][offsets] */
  readonly looks: readonly (readonly Look[])[];
}

export class Describer {
  /** Where the looks of every view lie, the camera's own ground first. */
  readonly offsets: readonly Offset[];
  /** One pass over a view shows all of its looks: asking for some of them saves nothing. */
  readonly showsAllAtOnce: boolean;
  readonly #networks: Pick<Networks, 'generator' | 'encoder' | 'whole'>;
  readonly #manifest: Manifest;
  readonly #faultCode: ErrorCode;

  /**
   * `faultCode` is what networks that break their contract are thrown under: INTERNAL where a request is answered,
   * NETWORK_INVALID where an artefact is made with them.
   */
  constructor(
    networks: Pick<Networks, 'generator' | 'encoder' | 'whole'>,
    manifest: Manifest,
    faultCode: ErrorCode = 'INTERNAL',
  ) {
    this.#networks = networks;
    this.#manifest = manifest;
    this.#faultCode = faultCode;
    this.offsets = lookOffsets(manifest.geometry);
    this.showsAllAtOnce = manifest.looks === 'dense';
  }

  /** A BEV of bevGeometryOf averaged down to the networks' pixels, [V x V]. */
  shrink(bev: Bev): Bev {
    return areaDownsample(bev, bevPerViewPx(this.#manifest.geometry));
  }

  /** BEVs in [-1, 1] to generated views in [-1, 1], both [n,3,V,V]. Throws PARAMETER_INVALID where there is no generator. */
  async generate(bevs: Tensor): Promise<Tensor> {
    const { generator } = this.#networks;
    if (!generator) throw new SkyfixError('PARAMETER_INVALID', 'The bundle has no generator.');
    const views = await runInParts(generator, bevs, MOST_AT_ONCE);
    this.#expectShape('generator', views, bevs.shape);
    return views;
  }

  /**
   * The views [n,3,V,V] in [0,1] of BEVs [V x V] (of one place under several headings or camera heights, or of several): the
   * generated ones, or the BEVs themselves where there is no generator.
   */
  async views(bevs: readonly Bev[]): Promise<Tensor> {
    if (!this.#networks.generator) return stackTensors(bevs.map((bev) => bevToNchw(bev, 'unit')));
    return signedToUnit(await this.generate(stackTensors(bevs.map((bev) => bevToNchw(bev, 'signed')))));
  }

  /** Whether a BEV goes all the way at once: then there is nothing in `views` for whoever wants looks only. */
  get atOnce(): boolean {
    return this.#networks.whole?.state === 'ready';
  }

  /** The same for whoever wants the views too: not every engine gives both (see InferenceEngine.runBoth). */
  get seesAtOnce(): boolean {
    return this.atOnce && this.#networks.whole?.runBoth !== undefined;
  }

  /** The looks at the views of BEVs [V x V], [n][offsets]: what look() says of views(). */
  async lookAt(bevs: readonly Bev[]): Promise<readonly (readonly Look[])[]> {
    const { whole } = this.#networks;
    if (whole?.state !== 'ready') return this.look(await this.views(bevs));
    return this.#inWhole(bevs, whole.precision, (pixels) => whole.run(pixels));
  }

  /** Views of BEVs [V x V], as views() makes them, and the looks at them. */
  async see(bevs: readonly Bev[]): Promise<SeenViews> {
    const { whole } = this.#networks;
    const runBoth = whole?.state === 'ready' ? whole.runBoth : undefined;
    if (!whole || !runBoth) {
      const views = await this.views(bevs);
      return { views, looks: await this.look(views) };
    }
    const parts: Tensor[] = [];
    const looks = await this.#inWhole(bevs, whole.precision, async (pixels) => {
      const [descriptors, views] = await runBoth(pixels);
      const [count = 0, size = 0] = pixels.shape;
      this.#expectShape('view', views, [count, 3, size, size]);
      parts.push(views);
      return descriptors;
    });
    return { views: stackTensors(parts), looks };
  }

  /** Through the one graph, in parts; `run` has the descriptors of a part's pixels [n,V,V,3] made. */
  async #inWhole(
    bevs: readonly Bev[],
    precision: Precision,
    run: (pixels: ByteTensor) => Promise<Tensor>,
  ): Promise<readonly (readonly Look[])[]> {
    const { geometry, looks } = this.#manifest;
    const size = viewSizePx(geometry);
    const fault = bevs.find(({ image }) => image.widthPx !== size || image.heightPx !== size);
    if (fault) throw this.#fault(`A BEV has ${fault.image.widthPx} pixels a side, not ${size}.`);
    const each = looksPerSide(geometry) ** 2;
    const most = looks === 'dense' ? MOST_VIEWS_AT_ONCE : Math.max(1, Math.floor(MOST_AT_ONCE / each));
    const found: (readonly Look[])[] = [];
    for (let first = 0; first < bevs.length; first += most) {
      const part = bevs.slice(first, first + most);
      const data = Buffer.concat(part.map(({ image }) => image.data));
      const descriptors = await run({ data, shape: [part.length, size, size, 3] });
      this.#checkDescriptors(descriptors, part.length * each, precision);
      const rows = looks === 'dense' ? denseRows(geometry) : [...this.offsets.keys()];
      found.push(...this.#looksIn(descriptors, part.length, this.offsets, { each, rows }));
    }
    return found;
  }

  /** The looks at each of some views [n,3,V,V] in [0,1]: [n][offsets]. `offsets` are some of the describer's own. */
  async look(views: Tensor, offsets = this.offsets): Promise<readonly (readonly Look[])[]> {
    const [count = 0] = views.shape;
    const size = viewSizePx(this.#manifest.geometry);
    this.#expectShape('view', views, [count, 3, size, size]);
    const { descriptors, ...order } = await this.#descriptorsOfLooks(views, offsets);
    return this.#looksIn(descriptors, count, offsets, order);
  }

  #looksIn(
    descriptors: Tensor,
    count: number,
    offsets: readonly Offset[],
    { each, rows }: { readonly each: number; readonly rows: readonly number[] },
  ): Look[][] {
    return Array.from({ length: count }, (_, view) =>
      offsets.map((offset, k) => ({
        ...offset,
        descriptor: rowOf(descriptors, view * each + (rows[k] ?? 0)),
      })),
    );
  }

  /** Images of a tile's ground, inputSizePx a side, to descriptors [n,D]. */
  describe(images: readonly RgbImage[]): Promise<Tensor> {
    return this.describeTensor(stackTensors(images.map((image) => rgbToNchw(image, undefined, 'unit'))));
  }

  /** Images [n,3,S,S] in [0,1] to descriptors [n,D], all of unit length. */
  describeTensor(images: Tensor): Promise<Tensor> {
    return this.#run(images, MOST_AT_ONCE, 1);
  }

  /** Descriptors [n * each,D] of unit length, `each` of an image; at most `most` images at once. */
  async #run(images: Tensor, most: number, each: number): Promise<Tensor> {
    const { encoder } = this.#networks;
    const descriptors = await runInParts(encoder, images, most);
    this.#checkDescriptors(descriptors, (images.shape[0] ?? 0) * each, encoder.precision);
    return descriptors;
  }

  #checkDescriptors(descriptors: Tensor, count: number, precision: Precision): void {
    const { dimensions } = this.#manifest.descriptor;
    this.#expectShape('encoder', descriptors, [count, dimensions]);
    if (COARSE.has(precision)) restoreLength(descriptors);
    for (let row = 0; row < count; row++) {
      const fault = unitLengthFault(descriptors.data, row * dimensions, dimensions);
      if (fault) throw this.#fault(`The encoder's descriptor of image ${row + 1} of ${count} ${fault}.`);
    }
  }

  /** Descriptors [n * each, D], those of a view behind each other: offset k of the first view has the row `rows[k]`. */
  async #descriptorsOfLooks(views: Tensor, offsets: readonly Offset[]) {
    const { geometry, looks } = this.#manifest;
    const numbers = offsets.map((offset) => this.#numberOf(offset));
    if (looks === 'dense') {
      const all = denseRows(geometry);
      const descriptors = await this.#run(views, MOST_VIEWS_AT_ONCE, all.length);
      return { descriptors, each: all.length, rows: numbers.map((number) => all[number] as number) };
    }
    const corners = lookCorners(geometry);
    const wanted = numbers.map((number) => corners[number] as LookCorner);
    const descriptors = await this.describeTensor(cropSquares(views, wanted, geometry.inputSizePx));
    return { descriptors, each: wanted.length, rows: [...wanted.keys()] };
  }

  #numberOf(offset: Offset): number {
    const number = this.offsets.indexOf(offset);
    if (number >= 0) return number;
    throw this.#fault(`There is no look ${offset.eastM},${offset.northM} m from the camera.`);
  }

  #expectShape(what: string, { shape }: Tensor, expected: readonly number[]): void {
    if (shape.join() === expected.join()) return;
    throw this.#fault(`The ${what} has the shape [${shape}], not [${expected}] as bundle.json says.`);
  }

  #fault(what: string): SkyfixError {
    return new SkyfixError(this.#faultCode, what);
  }
}

/** Row `row` of descriptors [n,D]. */
function rowOf({ data, shape: [, dimensions = 0] }: Tensor, row: number): Float32Array {
  return data.slice(row * dimensions, (row + 1) * dimensions);
}
