// Files of a grid encoder's weights: "trunk." and the trunk's own names in PyTorch's layout, and the head's arrays. Files of a
// trunk alone are read too: EfficientNet-Lite's as setup-trunks writes them, ConvNeXt's with timm's or torchvision's names.
import { SkyfixError } from 'skyfix/errors';
import {
  createConvNext,
  type GridHead,
  headFromArrays,
  headToArrays,
  type NamedArray,
  type TrunkKind,
  trunkDesign,
} from '../networks/index.js';
import { readSafetensors } from '../weights/index.js';
import { loadPretrainedEncoder } from './pretrained.js';
import { ownLayout, torchLayout } from './torch-layout.js';

const TRUNK = 'trunk.';

/** A trunk with a head; the trunk's arrays as ParameterStore keeps them. */
export interface GridContent {
  readonly params: Readonly<Record<string, NamedArray>>;
  readonly trunk: TrunkKind;
  readonly blocks: readonly number[];
  readonly head: GridHead;
  /** Further arrays of its weights file: what the head was fitted to. */
  readonly statistics?: Readonly<Record<string, NamedArray>>;
}

export interface GridWeights {
  /** The trunk's arrays as ParameterStore keeps them. */
  readonly params: Readonly<Record<string, NamedArray>>;
  /** Absent in a file of a trunk alone. */
  readonly head?: GridHead;
  /** Blocks that the head was made for, where the file says so. */
  readonly blocks?: readonly number[];
  /** What the head was fitted to, where the file has it. */
  readonly statistics?: Readonly<Record<string, NamedArray>>;
}

/** Arrays of a grid encoder by their names in a file, and what the file says of them. */
export function gridArrays({ params, trunk, blocks, head, statistics }: GridContent): {
  readonly arrays: Record<string, NamedArray>;
  readonly metadata: Record<string, string>;
} {
  const own = Object.entries(torchLayout(params)).map(([name, array]) => [`${TRUNK}${name}`, array] as const);
  const numbers = { shape: [blocks.length], data: Float32Array.from(blocks) };
  return {
    arrays: { ...Object.fromEntries(own), ...headToArrays(head), 'head.blocks': numbers, ...statistics },
    metadata: { trunk: typeof trunk === 'string' ? trunk : 'convnext' },
  };
}

/** Reads the weights of a grid encoder or of its trunk. Throws WEIGHTS_INVALID naming `source`. */
export function readGridWeights(
  kind: TrunkKind,
  last: number,
  bytes: Uint8Array,
  source: string,
): GridWeights {
  const names: string[] = [];
  readSafetensors(bytes, source, (all) => {
    names.push(...all);
    return [];
  });
  const isOwn = names.some((name) => name.startsWith(TRUNK));
  if (!isOwn && typeof kind !== 'string') return { params: convNextArrays(kind, bytes, source) };
  const arrays = readSafetensors(bytes, source);
  const trunk = isOwn
    ? Object.fromEntries(
        Object.entries(arrays).flatMap(([name, array]) =>
          name.startsWith(TRUNK) ? [[name.slice(TRUNK.length), array] as const] : [],
        ),
      )
    : arrays;
  const params = ownLayout(trunk);
  checkTrunk(kind, last, params, source);
  const head = headFromArrays(arrays, source);
  const blocks = arrays['head.blocks']?.data;
  const fitted = Object.entries(arrays).filter(([name]) => name.startsWith('fit.'));
  return {
    params,
    ...(head && { head }),
    ...(blocks && { blocks: [...blocks] }),
    ...(fitted.length > 0 && { statistics: Object.fromEntries(fitted) }),
  };
}

/** All arrays of a published ConvNeXt of the same size. */
function convNextArrays(
  config: Exclude<TrunkKind, string>,
  bytes: Uint8Array,
  source: string,
): Record<string, NamedArray> {
  const whole = createConvNext(config, 1);
  try {
    loadPretrainedEncoder(whole.params, bytes, source);
    return whole.params.toArrays();
  } finally {
    whole.dispose();
  }
}

/** Every parameter up to block `last` is there, with its shape and finite values. */
function checkTrunk(
  kind: TrunkKind,
  last: number,
  params: Readonly<Record<string, NamedArray>>,
  source: string,
): void {
  for (const { name, shape } of trunkDesign(kind).specs(last, 1)) {
    const array = params[name];
    if (array?.shape.join() === shape.join() && array.data.every(Number.isFinite)) continue;
    const found = !array
      ? 'is missing'
      : array.shape.join() === shape.join()
        ? 'holds values that are not finite'
        : `has [${array.shape.join(', ')}], not [${shape.join(', ')}]`;
    const trunk = typeof kind === 'string' ? kind : 'this ConvNeXt';
    throw new SkyfixError('WEIGHTS_INVALID', `${source}: ${name} of ${trunk} ${found}.`);
  }
}
