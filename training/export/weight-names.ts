// What published checkpoints call the parameters of the networks.

import type { NamedArray } from '../networks/index.js';
import { toTorchLayout } from './torch-layout.js';

/** A parameter's name in one kind of file. */
export type Naming = (parameter: string) => string;

/** Whose names an encoder's file has. */
export type EncoderNames = 'timm' | 'torchvision';

/** The networks' own names; the encoder's are those of timm's ConvNeXt (timm/models/convnext.py). */
export const ownName: Naming = (parameter) => parameter;

const TORCHVISION_PARTS: Readonly<Record<string, string>> = {
  conv_dw: 'block.0',
  norm: 'block.2',
  'mlp.fc1': 'block.3',
  'mlp.fc2': 'block.5',
};

/**
 * torchvision's ConvNeXt (torchvision/models/convnext.py): features.0 is the stem, features.{1,3,5,7} are the stages,
 * features.{2,4,6} the downsamplings between them, classifier.0 the last norm.
 */
export const torchvisionName: Naming = (parameter) => {
  const [top, first = '', second, ...rest] = parameter.split('.');
  if (top === 'stem') return `features.0.${[first, second].join('.')}`;
  if (top === 'head') return `classifier.0.${second}`;
  const stage = Number(first);
  if (second === 'downsample') return `features.${2 * stage}.${rest.join('.')}`;
  const [block, ...part] = rest;
  const where = `features.${2 * stage + 1}.${block}`;
  if (part[0] === 'gamma') return `${where}.layer_scale`;
  return `${where}.${TORCHVISION_PARTS[part.slice(0, -1).join('.')]}.${part.at(-1)}`;
};

/**
 * The generator of CycleGAN's reference implementation, junyanz/pytorch-CycleGAN-and-pix2pix, models/networks.py
 * (ResnetGenerator with instance norm, without dropout): positions in one nn.Sequential, which after the first ten
 * entries depend on the number of residual blocks.
 */
export function cycleGanNaming(blocks: number): Naming {
  const positions: Readonly<Record<string, number>> = {
    in: 1,
    down1: 4,
    down2: 7,
    up1: 10 + blocks,
    up2: 13 + blocks,
    out: 17 + blocks,
  };
  return (parameter) => {
    const [layer = '', ...rest] = parameter.split('.');
    const block = /^block(\d+)$/.exec(layer)?.[1];
    if (block === undefined) return `model.${positions[layer]}.${rest.join('.')}`;
    const [conv, kind] = rest;
    return `model.${10 + Number(block)}.conv_block.${conv === 'conv1' ? 1 : 5}.${kind}`;
  };
}

export const ENCODER_NAMING: Readonly<Record<EncoderNames, Naming>> = {
  timm: ownName,
  torchvision: torchvisionName,
};

/** A network's arrays as a file of this naming has them, in PyTorch's layout. */
export function namedForTorch(
  arrays: Readonly<Record<string, NamedArray>>,
  naming: Naming,
): Record<string, NamedArray> {
  return Object.fromEntries(
    Object.entries(arrays).map(([parameter, array]) => {
      const name = naming(parameter);
      const { shape, data } = toTorchLayout(parameter, array);
      return [name, { shape: torchShape(name, shape), data }];
    }),
  );
}

/** torchvision keeps the layer scale as [C, 1, 1]. */
export const torchShape = (name: string, shape: readonly number[]): readonly number[] =>
  name.endsWith('.layer_scale') ? [...shape, 1, 1] : shape;
