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
  readonly descriptor: { readonly dimensions: number };
  /** What makes probabilities of its scores, for regions without a calibration of their own. */
  readonly confidence?: Calibration;
  /** What it was trained on and how; free form, written by training. */
  readonly training: Readonly<Record<string, unknown>>;
  /** Measured figures; free form, written by evaluation. */
  readonly metrics: Readonly<Record<string, unknown>>;
  /** Always "encoder.onnx"; "generator.onnx" unless the BEV goes straight into the encoder. */
  readonly files: Readonly<Record<string, FileChecksum>>;
}
