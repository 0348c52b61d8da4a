// Weights trained elsewhere (safetensors) into the networks here: ConvNeXt with timm's or torchvision's names, the
// generator with those of CycleGAN's reference implementation.
import { SkyfixError } from 'skyfix/errors';
import type { NamedArray, ParameterStore } from '../networks/index.js';
import { readSafetensors } from './safetensors.js';
import { fromTorchLayout, toTorchShape } from './torch-layout.js';
import { cycleGanNaming, type Naming, ownName, torchShape, torchvisionName } from './weight-names.js';

type Arrays = Readonly<Record<string, NamedArray>>;

/** Faults that an error tells one by one; a file for another size has hundreds. */
const FAULTS_TOLD = 5;

/** The classifier, and what contrastive training (Sample4Geo) keeps beside the network: no part of a descriptor. */
const BESIDE_ENCODER = /^(head\.fc\.|classifier\.2\.|logit_scale$)/;

/**
 * Loads every parameter of an encoder from the bytes of the safetensors file `source` (for the message) of a ConvNeXt
 * of the same size, named as by timm or torchvision, with or without the prefixes that wrappers add (`module.`,
 * `model.`); the classifier is left out. Throws WEIGHTS_INVALID naming each tensor that is missing, too many, of another
 * shape or not finite, with its shape in the network and in the file (PyTorch's order of axes).
 */
export function loadPretrainedEncoder(params: ParameterStore, bytes: Uint8Array, source: string): void {
  const arrays = withoutPrefix(readSafetensors(bytes, source), /^(module\.)?(model\.)?/, source);
  const isTorchvision = Object.keys(arrays).some((name) => name.startsWith('features.'));
  const needed = Object.entries(arrays).filter(([name]) => !BESIDE_ENCODER.test(name));
  loadNamed(params, Object.fromEntries(needed), isTorchvision ? torchvisionName : ownName, source);
}

/**
 * Loads every parameter of a generator with `blocks` residual blocks from the bytes of the safetensors file `source`, named
 * as by CycleGAN's reference implementation (`model.1.weight`, …; instance norm, no dropout) or with the network's own names. Throws as loadPretrainedEncoder does.
 */
export function loadPretrainedGenerator(
  params: ParameterStore,
  blocks: number,
  bytes: Uint8Array,
  source: string,
): void {
  const arrays = withoutPrefix(readSafetensors(bytes, source), /^module\./, source);
  const isReference = Object.keys(arrays).some((name) => name.startsWith('model.'));
  loadNamed(params, arrays, isReference ? cycleGanNaming(blocks) : ownName, source);
}

function withoutPrefix(arrays: Arrays, prefix: RegExp, source: string): Arrays {
  const renamed: Record<string, NamedArray> = {};
  for (const [name, array] of Object.entries(arrays)) {
    const short = name.replace(prefix, '');
    if (renamed[short]) {
      throw new SkyfixError('WEIGHTS_INVALID', `${source}: two tensors are named ${short}.`);
    }
    renamed[short] = array;
  }
  return renamed;
}

function loadNamed(params: ParameterStore, arrays: Arrays, nameOf: Naming, source: string): void {
  const faults: string[] = [];
  const taken: Record<string, NamedArray> = {};
  const unused = new Set(Object.keys(arrays));
  for (const parameter of params.names) {
    const name = nameOf(parameter);
    const shape = toTorchShape(parameter, params.shapes.get(parameter) ?? []);
    const wanted = torchShape(name, shape);
    const array = arrays[name];
    unused.delete(name);
    if (!array || array.shape.join() !== wanted.join()) {
      faults.push(`${name} needs ${listed(wanted)}, the file has ${array ? listed(array.shape) : 'nothing'}`);
    } else if (!array.data.every(Number.isFinite)) {
      faults.push(`${name} ${listed(wanted)} holds values that are not finite`);
    } else {
      taken[parameter] = fromTorchLayout(parameter, { shape, data: array.data });
    }
  }
  for (const name of unused) {
    faults.push(`the network has no ${name}, the file has it as ${listed(arrays[name]?.shape ?? [])}`);
  }
  if (faults.length > 0) {
    const more = faults.length > FAULTS_TOLD ? `; and ${faults.length - FAULTS_TOLD} more` : '';
    throw new SkyfixError('WEIGHTS_INVALID', `${source}: ${faults.slice(0, FAULTS_TOLD).join('; ')}${more}.`);
  }
  params.load(taken);
}

const listed = (shape: readonly number[]) => `[${shape.join(', ')}]`;
