// Names, types and shapes that a network declares, held against its contract.
import { SkyfixError } from '../errors/index.js';
import { DATA_TYPES, type OnnxDimension, type OnnxSummary, type OnnxValue, typeName } from '../onnx/index.js';
import type { NetworkContract } from './contract.js';

export type Invalid = (what: string) => SkyfixError;

/** NETWORK_INVALID about a file. */
export const invalidNetwork =
  (path: string): Invalid =>
  (what) =>
    new SkyfixError('NETWORK_INVALID', `${path}: ${what}.`);

/** How PyTorch is told to leave the first dimension free. */
const EXPORT_FREE =
  'export it with a free axis 0 (torch.onnx.export with dynamic_shapes={"NAME": {0: torch.export.Dim("N")}}, ' +
  'before PyTorch 2.9 dynamic_axes={"NAME": {0: "N"}})';

const EXPORT_FREE_SIDES =
  'export it with free axes 0, 2 and 3 (torch.onnx.export with dynamic_shapes={"NAME": {0: Dim("N"), 2: Dim("H"), ' +
  '3: Dim("W")}}), or leave "looks" out of bundle.json';

const namesOf = (list: readonly OnnxValue[]) => list.map(({ name }) => name).join(', ');

/** That a network has other inputs than the one required. */
export function inputFault(inputs: readonly OnnxValue[], required: string): string {
  const [only] = inputs;
  const remedy = only && inputs.length === 1 ? ` (--rename ${only.name}=${required})` : '';
  return `it has the inputs [${namesOf(inputs)}]; exactly one, named "${required}", is required${remedy}`;
}

/** That a network has no output of the name required. */
export function outputFault(outputs: readonly OnnxValue[], required: string): string {
  const [first] = outputs;
  const remedy = first ? ` (--rename ${first.name}=${required})` : '';
  return `it has the outputs [${namesOf(outputs)}]; one must be named "${required}"${remedy}`;
}

/**
 * Whether a network takes any number of images at once, or one. What the output's shape really is, a run says. Throws
 * NETWORK_INVALID for anything else.
 */
export function checkSignature(
  { inputs, outputs }: OnnxSummary,
  { input, output, sizePx, dense }: NetworkContract,
  invalid: Invalid,
): 'free' | 1 {
  const [only] = inputs;
  if (!only || inputs.length !== 1 || only.name !== input) throw invalid(inputFault(inputs, input));
  const [first] = outputs;
  if (first?.name !== output) throw invalid(outputFault(outputs, output));
  for (const { name, dataType } of [only, first]) {
    if (dataType === DATA_TYPES.FLOAT) continue;
    throw invalid(`${name} is declared as ${typeName(dataType)}; float32 is required`);
  }
  const isFree = (size: OnnxDimension | undefined) => typeof size === 'string' || (size ?? 1) < 1;
  const [batch, ...image] = only.shape;
  const wanted = [3, sizePx, sizePx];
  const fits = image.length === 3 && image.every((size, axis) => isFree(size) || size === wanted[axis]);
  if (!fits) {
    const last = image.at(-1) === 3 && image[0] !== 3 ? ': channels come first, not last' : '';
    throw invalid(
      `${input} is declared as [${only.shape.join(', ')}]; [N, ${wanted.join(', ')}] is required, with N free or 1${last}`,
    );
  }
  if (dense && image.slice(1).some((size) => !isFree(size))) {
    throw invalid(
      `${input} is declared as [${only.shape.join(', ')}]; with dense looks it is given tiles of ${sizePx} px and ` +
        `views of ${dense.viewPx} px: ${EXPORT_FREE_SIDES.replaceAll('NAME', input)}`,
    );
  }
  if (isFree(batch)) return 'free';
  if (batch === 1) return 1;
  throw invalid(
    `${input} is declared as [${only.shape.join(', ')}], always ${batch} images at once; ` +
      EXPORT_FREE.replaceAll('NAME', input),
  );
}

/** What to do with a network that declares a free batch and cannot keep it. */
export const exportFree = (input: string): string => EXPORT_FREE.replaceAll('NAME', input);
