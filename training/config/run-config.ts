// What a run is made of: one YAML file with everything that decides its result. The JSON schema is in schema.ts, the
// values where the file is silent are in presets/.

import type { BundleGeometry } from 'skyfix/bundles';
import type { FieldOfView } from 'skyfix/geometry';
import type { ColourJitter } from '../batches/index.js';
import type { Split } from '../common/index.js';
import type { DatasetFormat, VigorArea } from '../datasets/index.js';
import type { ConvNextSize, EfficientNetLiteName, Pooling } from '../networks/index.js';
import type { StrategyOptions } from '../pseudo-labels/index.js';
import type { TownGaps } from '../town/index.js';

export const RUN_SCHEMA = 'skyfix-run/1';

/** How imagery is opened, where that needs saying. */
export interface ImageryFields {
  /** Zoom level of a folder of tiles; the deepest when absent. */
  readonly zoom?: number;
  /** Rows of the folder count from the south. */
  readonly tms?: boolean;
  /** Coordinate system of a GeoTIFF, where it is not known by its code. */
  readonly proj4?: string;
}

/** A data set on disk; a town that is not there is made. */
export interface DataSource extends ImageryFields {
  readonly format: DatasetFormat;
  readonly root: string;
  /** VIGOR's protocol. */
  readonly area?: VigorArea;
  /** Own panoramas: where tiles are cut from, a GeoTIFF file or a folder of XYZ/TMS tiles. */
  readonly imagery?: string;
  /** Own panoramas: a CSV file,headingDeg[,pitchDeg,rollDeg,lon,lat] with what the photos do not say, or say wrong. */
  readonly metadata?: string;
  /** Own panoramas: side of a block of one split, metres; 4 tiles when absent. */
  readonly blockM?: number;
  /** Own panoramas: draws which blocks are for training, validation and test; 1 when absent, whatever the run's seed. */
  readonly splitSeed?: number;
  /** Own panoramas: distance of the unlabelled tiles that self-training looks at, metres; half a tile when absent. */
  readonly unlabelledStrideM?: number;
  readonly dropInvalid?: boolean;
  /**
   * What panoramas show whose files have no GPano crop metadata, instead of what the format says (cvusa: strips of 65.45
   * degrees with the horizon at 0.585, else full spheres). Of data.source it is geometry.fieldOfView too, unless that says
   * something else.
   */
  readonly fieldOfView?: FieldOfView;
  /** Ground along a side of a tile file, metres, instead of what the format says; tiles are cropped to geometry.tileSizeM. */
  readonly tileFileM?: number;
  /** Towns: made with these where `root` does not exist. */
  readonly make?: {
    readonly seed: number;
    readonly places: number;
    readonly panoramaWidthPx?: number;
    /** A world of this style instead of a town. */
    readonly style?: string;
  } & Partial<TownGaps>;
}

/** Places that a trained run is measured on. */
export interface EvaluationArea {
  readonly name: string;
  /** The run's own data set when absent. */
  readonly source?: DataSource;
  readonly splits: readonly Split[];
}

/** What the encoder sees of the ground. */
export type QueryKind = 'views' | 'bev' | 'panorama';

/** What the encoder is made of. With the trunk's last block, pooling: mean and no projection a ConvNeXt is as published. */
export interface EncoderConfig {
  /** convnext when absent. */
  readonly trunk?: 'convnext' | EfficientNetLiteName;
  /** Blocks of the trunk whose features are used, from 0; those of DEFAULT_BLOCKS when absent. */
  readonly upTo?: readonly number[];
  /** mean when absent. */
  readonly pooling?: Pooling;
  /** Dimensions of the descriptor; without it all that pooling gives. */
  readonly projection?: number;
  /** The trunk keeps its weights, the head alone is trained; true when absent of an EfficientNet-Lite, else false. */
  readonly frozen?: boolean;
  /** Size of a ConvNeXt. */
  readonly size: ConvNextSize;
  /** Of a ConvNeXt. */
  readonly layerScale: number;
  /** ConvNeXt: rate of stochastic depth in the last block; rises linearly from 0. */
  readonly dropPath: number;
  /** safetensors to start from: timm's or torchvision's names, a trunk's, or a grid encoder's. */
  readonly weights?: string;
}

export interface NetworkConfig {
  readonly generator: {
    readonly baseFilters: number;
    readonly blocks: number;
    /** The view is the BEV plus what G adds (see GeneratorConfig); false when absent. */
    readonly learnResidual?: boolean;
    /** safetensors to start from: the names of CycleGAN's reference, or a bundle's own. */
    readonly weights?: string;
  };
  readonly discriminator: { readonly filters: number };
  readonly contrast: { readonly projection: number };
  readonly encoder: EncoderConfig;
}

/** Generation: BEV-CycleGAN with patch contrast. */
export interface Stage1Config {
  /** What G translates; panorama is CycleGAN without the geometry. */
  readonly input: 'bev' | 'panorama';
  /** Which pairs the contrast may use: the labelled ones, or all, as the paper does. */
  readonly pairs: 'labelled' | 'all';
  readonly steps?: number;
  /** Instead of steps: passes over as many pairs as the run's training split has, labelled or not. */
  readonly epochs?: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly lambdaCycle: number;
  readonly lambdaContrast: number;
  /** 0: no identity loss, as in the paper. */
  readonly lambdaIdentity: number;
  /** Weight of |G(x) - y| on pairs (pix2pix); 0 in the paper. Short schedules need it. */
  readonly lambdaPaired: number;
  /** First steps, in which G and F learn from |G(x) - y| and |F(y) - x| alone; 0 in the paper. */
  readonly pairedWarmupSteps: number;
  readonly pairedWarmupRate: number;
  readonly contrast: {
    /** Whose features are compared: those of G's own encoder, or of a frozen pretrained trunk; generator when absent. */
    readonly features?: 'generator' | 'trunk';
    /** paired: eq. (4); input: eq. (2). */
    readonly positive: 'paired' | 'input';
    readonly layers: readonly number[];
    readonly temperature: number;
    readonly positions: number;
  };
  /** Generated images that the discriminators see again; 0: none. */
  readonly historyPool: number;
  readonly flip: 'horizontal' | 'dihedral' | 'none';
}

/** A grid encoder's head in closed form: the trunk's features are made once, and the head is fitted to all pairs together. */
export interface HeadConfig {
  /** Numbers a cell that are kept of the trunk's channels. */
  readonly channels: number;
  /** Share of the mean variance that is added to every direction's own. */
  readonly regularisation: number;
  /** Cells weigh 1 / (1 + their distance from the middle) ^ falloff; 1 when absent. */
  readonly falloff?: number;
  /** Further copies of all pairs, mirrored and turned by right angles. */
  readonly turned: number;
  /** Further copies of all pairs as other cameras and sensors would have seen them. */
  readonly changed: number;
  /** Pairs that an earlier fit, in the weights that the encoder starts from, counts for beside the run's own. */
  readonly priorPairs?: number;
  /** Steps of descent from the fit, with turned copies of views and with views that show a sector. */
  readonly tune?: HeadTuneConfig;
}

export interface HeadTuneConfig {
  /** Where the steps begin: at the fit to the run's own pairs, or at the head that the encoder's weights have. */
  readonly from?: 'fit' | 'weights';
  readonly steps: number;
  /** Views in a batch. */
  readonly batch: number;
  readonly learningRate: number;
  /** Factor on the cosines. */
  readonly scale: number;
  readonly labelSmoothing: number;
  /** Copies of each view under false headings. */
  readonly turns: number;
  /** Share of views that show a sector of 180 or 90 degrees alone. */
  readonly narrowShare: number;
  /** Weight of the squared distance from the fit, in shares of its squared length. */
  readonly hold: number;
}

/** Localisation: the encoder. */
export interface Stage3Config {
  /** The encoder's head is fitted instead of trained by steps; only of a grid encoder whose trunk is frozen. */
  readonly head?: HeadConfig;
  readonly steps?: number;
  /**
   * Instead of steps: an epoch is as many batches as all pairs of the data fill, labelled or not. With few labels the
   * labelled ones are therefore gone through more often.
   */
  readonly epochs?: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly warmupSteps: number;
  /** The gradient's length is cut to this. */
  readonly clipNorm: number;
  readonly infoNce: {
    readonly weight: number;
    /** A number, or learned from ln(1/0.07). */
    readonly scale: number | 'learnable';
    readonly labelSmoothing: number;
  };
  readonly triplet: {
    readonly weight: number;
    /** Share of the steps before it is added. */
    readonly fromShare: number;
    /** dynamic: eq. (8); none: the plain hard triplet. */
    readonly weights: 'dynamic' | 'none';
    readonly margin: number;
    readonly weightTemperature: number;
  };
  readonly sampling: {
    /** Hard negatives that share a batch: places near by, similar ones (mined each epoch), or none. */
    readonly negatives: 'near' | 'mined' | 'none';
    readonly groupSize: number;
    /** With "mined": near ones until this share of the steps. */
    readonly minedFromShare: number;
  };
  /** Decay of the moving average of the weights that is exported; 0: none. */
  readonly emaDecay: number;
  readonly augment: {
    /** Which symmetries of the ground both images share. */
    readonly flip: 'horizontal' | 'dihedral' | 'none';
    /** Both turn by a random angle up to so many degrees. */
    readonly turnDeg: number;
    /** Largest random offset of a tile from its query, pixels. */
    readonly offsetPx: number;
    readonly jitter: ColourJitter;
  };
  /** Steps between two validations on the validation split; 0: none, and the last weights are exported. */
  readonly validateEvery: number;
}

/** Algorithm 1 and its baselines. */
export interface SelfTrainingConfig {
  readonly strategy: 'none' | StrategyOptions['name'];
  readonly warmupShare: number;
  readonly every: number;
  /** Unlabelled tiles and views that an update looks at, at most. */
  readonly sample: number;
  readonly candidates: 'views' | 'all';
  /** Selected pairs in a batch: half of it (Algorithm 1; when absent), or as many as their number beside the labelled ones. */
  readonly mix?: 'half' | 'proportional';
  readonly unique: boolean;
  readonly bins: number;
  readonly cap: number;
  readonly lambda0: number;
  readonly gamma: number;
  /** T_d / T; 1 is the literal formula. */
  readonly decayShare: number;
  /** fixed, margin, ucvgl: the rule's constant; its published value when absent. */
  readonly threshold?: number;
}

export interface RuntimeConfig {
  readonly device: 'cpu' | 'cuda';
  readonly threads: number;
  /** bf16: oneDNN's BF16 mode (AMX, AVX512-BF16). */
  readonly math: 'float32' | 'bf16';
  /** Threads that crop batches ahead of the step. */
  readonly loaderThreads: number;
}

/** Where the bundle goes when it is trained: an index over imagery, as a region of a server's data folder. */
export interface PublishConfig extends ImageryFields {
  /** SKYFIX_DATA of the server. */
  readonly dataDir: string;
  readonly region: string;
  /** GeoTIFF, or a folder of tiles. */
  readonly imagery: string;
  /** GeoJSON of the ground to cover; all of the imagery when absent. */
  readonly area?: string;
  readonly strideM: number;
}

export interface RunConfig {
  readonly schema: typeof RUN_SCHEMA;
  readonly name: string;
  /** Runs that differ by their seed only have the same group; the name where the file has none. */
  readonly group: string;
  readonly seed: number;
  readonly data: {
    readonly source: DataSource;
    /** Further data for G and the encoder: all their splits. */
    readonly further?: readonly DataSource[];
    /** Further data for the encoder alone: all their splits. G never sees them. */
    readonly encoderOnly: readonly DataSource[];
    /** Places this far apart are look-alikes, except where they are the same place. */
    readonly nearM: { readonly low: number; readonly high: number };
    /**
     * Labelled pairs of one data set at most so far apart are the same place, as are those that share a tile or whose tile
     * is a semi-positive of the other: never negatives of each other in stage 3. 0, or absent: by their tiles alone.
     */
    readonly samePlaceM?: number;
    readonly cacheDir: string;
  };
  /**
   * Presets paper and small: tileSizeM and cameraHeightM are those of the source's format, where there are some. fieldOfView is
   * the source's, or its format's, where absent: the bundle carries it.
   */
  readonly geometry: BundleGeometry;
  /** Ground beyond a tile, metres, from which offsets are cropped. */
  readonly tileMarginM: number;
  /**
   * Both images of a training pair are cut up to so far off the camera, metres, as the looks of a search are; 0 when
   * absent. In input pixels it is a multiple of 2.
   */
  readonly shiftM?: number;
  readonly networks: NetworkConfig;
  readonly queries: QueryKind;
  readonly labels: { readonly fraction: number };
  readonly stage1: Stage1Config;
  readonly stage3: Stage3Config;
  readonly selfTraining: SelfTrainingConfig;
  readonly evaluation: {
    /** When absent: the first of preferredSplits that the run's own data set has. */
    readonly areas?: readonly EvaluationArea[];
    /** test, then validation, when absent. */
    readonly preferredSplits?: readonly Split[];
    /** The grid protocol's stride; 0: paired protocol only. */
    readonly gridStrideM: number;
    /** Camera height, slope and occlusion, on the first area. */
    readonly robustness: boolean;
    readonly sheets: boolean;
  };
  readonly runtime: RuntimeConfig;
  readonly checkpointEvery: number;
  readonly bundle: {
    readonly name: string;
    readonly version: string;
    readonly safetensors: boolean;
    /** Large constants of the graphs are stored as float16; a grid encoder's always are. */
    readonly half?: boolean;
  };
  readonly publish?: PublishConfig;
}
