// bundle.json: the versioned artefact that training produces and serving loads (generator + encoder + geometry
// + preprocessing, with checksums).
import type { Calibration } from '../calibration/index.js';
import type { FileChecksum } from '../files/index.js';
import type { FieldOfView } from '../geometry/index.js';

export const BUNDLE_SCHEMA = 'skyfix-bundle/1';

export interface BundleGeometry {
  /** Ground size of a tile and of the BEV, metres. */
  readonly tileSizeM: number;
  /** Side of the square images that both networks take, pixels. */
  readonly inputSizePx: number;
  /** Side at which the BEV is projected before areas are averaged down to inputSizePx; a multiple of it. */
  readonly bevSizePx: number;
  /** Assumed camera height where a request gives none, metres. */
  readonly cameraHeightM: number;
  /**
   * Several heights that are all tried where a request gives none: the descriptors of each look are averaged over them.
   * cameraHeightM is then the one of what shows a single picture.
   */
  readonly cameraHeightsM?: readonly number[];
  /**
   * BEV and view show so many input pixels more ground on every side, and the encoder takes several looks at the view,
   * since a query lies beside the centres of a grid's tiles. Absent or 0: in the middle only.
   */
  readonly searchMarginPx?: number;
  /** Distance of neighbouring looks, input pixels; divides searchMarginPx, which it is where absent. */
  readonly searchStepPx?: number;
  /** Assumed of panoramas whose files and requests say nothing, unless they are 2:1; absent: they are full spheres, 2:1. */
  readonly fieldOfView?: FieldOfView;
}

/** What a bundle's first network can take. */
export const BUNDLE_INPUTS = ['bev', 'panorama'] as const;
export type BundleInput = (typeof BUNDLE_INPUTS)[number];

/** How the encoder looks at a view that shows more ground than a tile. */
export const BUNDLE_LOOKS = ['cropped', 'dense'] as const;
export type BundleLooks = (typeof BUNDLE_LOOKS)[number];

/** The networks of a bundle by their files. */
export const NETWORK_FILES = ['encoder.onnx', 'generator.onnx'] as const;
export type NetworkFile = (typeof NETWORK_FILES)[number];

/** The files of the same networks in 8 bits, where a bundle has them. */
export const QUANTISED_FILES: Readonly<Record<NetworkFile, string>> = {
  'encoder.onnx': 'encoder.int8.onnx',
  'generator.onnx': 'generator.int8.onnx',
};

/** How near unit vectors are to those that they stand for: cosines. */
export interface Fidelity {
  readonly mean: number;
  /** All but 5 % of them are nearer. */
  readonly p5: number;
  readonly least: number;
}

/** How a bundle's networks were put in 8 bits, and what that costs: written by "skyfix-train quantise". */
export interface BundleQuantisation {
  readonly createdAt: string;
  /** 7: right on every processor; 8: for those with VNNI alone. */
  readonly weightBits: number;
  /** The pictures whose values chose the ranges. */
  readonly calibration: { readonly pictures: number; readonly from: string };
  readonly networks: Readonly<Partial<Record<NetworkFile, QuantisedNetworkRecord>>>;
  /** Of the looks of views that calibration has not seen, with all networks of `networks` in 8 bits. */
  readonly heldOut: { readonly views: number; readonly from: string; readonly cosine: Fidelity };
  /** Of the places of those views, their tiles described in float32: percent found first. */
  readonly retrieval?: {
    readonly queries: number;
    readonly gallery: number;
    readonly at1: { readonly f32: number; readonly int8: number };
    readonly within25M?: { readonly f32: number; readonly int8: number };
  };
}

export interface QuantisedNetworkRecord {
  /** Checksum of the network that it was made from. */
  readonly of: string;
  /** How the ranges of its values were chosen: the middle so many percent of them, or by their entropy. */
  readonly ranges: number | 'entropy';
  /** Layers in 8 bits. */
  readonly layers: number;
  /** Those that could be and stay in float, by the names of their results. */
  readonly inFloat: readonly string[];
}

export interface BundleManifest {
  readonly schema: typeof BUNDLE_SCHEMA;
  readonly name: string;
  readonly version: string;
  readonly createdAt: string;
  readonly profile: string;
  /**
   * What the first network was trained on, the generator where there is one, else the encoder; "bev" where absent.
   * "panorama": the
   * raw panorama squeezed to inputSizePx x inputSizePx, north in its middle column; a baseline that no server answers with.
   */
  readonly input?: BundleInput;
  readonly geometry: BundleGeometry;
  /**
   * "cropped" (where absent): each look is cut out of the view and goes through the encoder. "dense": the encoder takes whole
   * views and gives the descriptors of all their n x n looks at once, row by row from the north-west.
   */
  readonly looks?: BundleLooks;
  readonly preprocessing: {
    /** generator.onnx: input "bev" [B,3,S,S] in [-1,1], invalid pixels -1; output "view" in [-1,1]. */
    readonly generatorRange: readonly [-1, 1];
    /**
     * encoder.onnx: input "image" [B,3,S,S] in [0,1], ImageNet normalisation inside; output "descriptor" [B,D], unit length.
     * With dense looks also whole views [B,3,V,V] to [B*n*n,D].
     */
    readonly encoderRange: readonly [0, 1];
    readonly invalidPixel: -1;
  };
  /** Networks that were exported for one image at a time: they are run so. The others take any number. */
  readonly oneAtATime?: readonly NetworkFile[];
  /**
   * Where a descriptor is a map of a tile's ground, side x side cells row by row from the north-west, `map` says so: the length
   * of each cell's numbers is its weight, up to a factor that is the same for all cells.
   */
  readonly descriptor: {
    readonly dimensions: number;
    readonly map?: { readonly side: number; readonly weights: readonly number[] };
  };
  /** Absent where the bundle has no networks in 8 bits. */
  readonly quantisation?: BundleQuantisation;
  /** What makes probabilities of its scores, for regions without a calibration of their own. */
  readonly confidence?: Calibration;
  /** What it was trained on and how; free form, written by training. */
  readonly training: Readonly<Record<string, unknown>>;
  /** Measured figures; free form, written by evaluation. */
  readonly metrics: Readonly<Record<string, unknown>>;
  /** Always "encoder.onnx"; "generator.onnx" unless the BEV goes straight into the encoder. */
  readonly files: Readonly<Record<string, FileChecksum>>;
}
