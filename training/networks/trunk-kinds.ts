// The trunks that there are.
import { type ConvNextConfig, convNextTrunk } from './convnext.js';
import { type EfficientNetLiteName, efficientNetLite } from './efficientnet-lite.js';
import type { TrunkDesign } from './trunk.js';

/** A published network by its name, or a ConvNeXt of any size. */
export type TrunkKind = EfficientNetLiteName | ConvNextConfig;

/** The design of a kind of trunk. */
export const trunkDesign = (kind: TrunkKind): TrunkDesign =>
  typeof kind === 'string' ? efficientNetLite(kind) : convNextTrunk(kind);
