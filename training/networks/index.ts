// The networks of the method, their parameters and their optimiser.
export { Adam, type AdamOptions } from './adam.js';
export { type ContrastHeads, type ContrastHeadsConfig, createContrastHeads } from './contrast-heads.js';
export {
  type ConvNext,
  type ConvNextConfig,
  convNextTrunk,
  createConvNext,
} from './convnext.js';
export { differentiable } from './custom-gradient.js';
export { createDiscriminator, type Discriminator, type DiscriminatorConfig } from './discriminator.js';
export {
  createEfficientNetLite,
  EFFICIENTNET_LITES,
  type EfficientNetLiteName,
  efficientNetLite,
  efficientNetLiteBlocks,
  LITE_DEVIATION,
  LITE_MEAN,
  layersOf,
  type MbConv,
} from './efficientnet-lite.js';
export { Ema, type EmaOptions } from './ema.js';
export type { Encoder } from './encoder.js';
export { createGenerator, type Generator, type GeneratorConfig, toGeneratorRange } from './generator.js';
export { clipFactor, type LossAndParts, type ValueAndGrads, valueAndFlatGrads } from './gradients.js';
export {
  createGridEncoder,
  type GridEncoder,
  type GridEncoderOptions,
  openHead,
  type TrainableHead,
} from './grid-encoder.js';
export {
  centredCellWeights,
  type GridHead,
  type HeadSizes,
  headFromArrays,
  headSizes,
  headToArrays,
  identityConvolution,
  mapOfHead,
  type Pooling,
  plainHead,
  unitCellWeights,
} from './grid-head.js';
export {
  type ChannelMoments,
  headRows,
  LEAST_SEEN,
  type LearnedHead,
  seenShares,
  standardised,
} from './head-rows.js';
export { IMAGENET_DEVIATION, IMAGENET_MEAN } from './imagenet.js';
export { UNIT_LENGTH_EPSILON, unitLength } from './layers.js';
export { type NamedArray, type ParameterSpec, ParameterStore } from './parameter-store.js';
export { CONVNEXT_SIZES, type ConvNextSize, PROFILES, type Profile, type ProfileName } from './profiles.js';
export { normalNumbers } from './random.js';
export { gramInverse } from './seen-part.js';
export {
  type BlockShape,
  checkedBlocks,
  featureChannels,
  GRID_STRIDE_PX,
  gridFeatures,
  openTrunk,
  type StochasticDepth,
  type Trunk,
  type TrunkDesign,
} from './trunk.js';
export { type TrunkKind, trunkDesign } from './trunk-kinds.js';
