// Weights trained elsewhere (safetensors) into the networks here: ConvNeXt with timm's or torchvision's names, the
// generator with those of CycleGAN's reference implementation; or as graphs of a bundle.
import { SkyfixError } from 'skyfix/errors';
import type { NamedArray, ParameterStore } from '../networks/index.js';
import { readSafetensors } from '../weights/index.js';
import { arraysOfGraph, isGraphFile } from './graph-weights.js';
import { fromTorchLayout, toTorchShape } from './torch-layout.js';
import { cycleGanNaming, type Naming, ownName, torchShape, torchvisionName } from './weight-names.js';

type Arrays = Readonly<Record<string, NamedArray>>;

/** Faults that an error tells one by one; a file for another size has hundreds. */
const FAULTS_TOLD = 5;

/** The classifier, and what contrastive training (Sample4Geo) keeps beside the network: no part of a descriptor. */
const BESIDE_ENCODER = /^(head\.fc\.|classifier\.2\.|(model\.)?logit_scale$)/;

/**
 * Running statistics of instance norms: files of PyTorch before 0.4 have them, nothing ever read them, and the reference's own
 * loader drops them (junyanz/pytorch-CycleGAN-and-pix2pix, base_model.py, __patch_instance_norm_state_dict).
 */
const BESIDE_GENERATOR = /\.(running_mean|running_var|num_batches_tracked)$/;

/**
 * Loads every parameter of an encoder from the bytes of the safetensors file `source` (for the message) of a ConvNeXt
 * of the same size, named as by timm or torchvision, behind whatever prefix wrappers added (`module.`, `model.`,
 * `_orig_mod.`, …), without its classifier; or, where `source` ends in .onnx, of the encoder.onnx of a bundle. Throws
 * WEIGHTS_INVALID naming each tensor that is missing, too many, of another shape or not finite, with its shape in the network
 * and in the file (PyTorch's order of axes).
 */
export function loadPretrainedEncoder(params: ParameterStore, bytes: Uint8Array, source: string): void {
  if (isGraphFile(source)) loadNamed(params, arraysOfGraph(params, bytes, source), ownName, source);
  else {
    const firsts = ['stem.0.weight', 'features.0.0.weight'];
    const { arrays, first } = unwrapped(bytes, source, firsts, BESIDE_ENCODER);
    loadNamed(params, arrays, first === 'features.0.0.weight' ? torchvisionName : ownName, source);
  }
}

/**
 * Loads every parameter of a generator with `blocks` residual blocks from the bytes of the safetensors file `source`, named
 * as by CycleGAN's reference implementation (`model.1.weight`, …; instance norm, no dropout) or with the network's own
 * names, behind any prefix; or, where `source` ends in .onnx, of the generator.onnx of a bundle. Throws as
 * loadPretrainedEncoder does.
 */
export function loadPretrainedGenerator(
  params: ParameterStore,
  blocks: number,
  bytes: Uint8Array,
  source: string,
): void {
  if (isGraphFile(source)) loadNamed(params, arraysOfGraph(params, bytes, source), ownName, source);
  else {
    const { arrays, first } = unwrapped(bytes, source, ['model.1.weight', 'in.weight'], BESIDE_GENERATOR);
    loadNamed(params, arrays, first === 'model.1.weight' ? cycleGanNaming(blocks) : ownName, source);
  }
}

/**
 * The arrays of a file by the names that the network itself gave them. What wrappers put in front is told by the name of the
 * network's first tensor, which is one of `firsts`; tensors that match `beside` are no part of the network. Throws
 * WEIGHTS_INVALID for a file of several networks.
 */
function unwrapped(
  bytes: Uint8Array,
  source: string,
  firsts: readonly string[],
  beside: RegExp,
): { readonly arrays: Arrays; readonly first: string | undefined } {
  const short = (name: string, prefix: string) =>
    name.startsWith(prefix) ? name.slice(prefix.length) : name.replace(/^module\./, '');
  const found = (names: readonly string[]) =>
    firsts.flatMap((first) =>
      names
        .filter((name) => name === first || name.endsWith(`.${first}`))
        .map((name) => ({ first, prefix: name.slice(0, name.length - first.length) })),
    );
  let start: ReturnType<typeof found>[number] | undefined;
  const arrays = readSafetensors(bytes, source, (names) => {
    const starts = found(names);
    if (starts.length > 1) {
      const prefixes = starts.map(({ first, prefix }) => `${prefix}${first}`).join(', ');
      const detail = `${source}: it holds ${starts.length} networks (${prefixes}). Save the one that is wanted.`;
      throw new SkyfixError('WEIGHTS_INVALID', detail);
    }
    [start] = starts;
    return names.filter((name) => !beside.test(short(name, start?.prefix ?? '')));
  });
  const prefix = start?.prefix ?? '';
  const renamed = Object.entries(arrays).map(([name, array]) => [short(name, prefix), array] as const);
  return { arrays: Object.fromEntries(renamed), first: start?.first };
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
