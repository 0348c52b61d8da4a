// Published ConvNeXt weights (safetensors with timm's or torchvision's names) into an encoder.
import type { ParameterStore } from '../networks/index.js';
import { readSafetensors } from './safetensors.js';
import { fromTorchLayout, toTimmNames } from './torch-layout.js';

/**
 * Loads every parameter of an encoder of the same size from the bytes of a safetensors file; the classifier is left
 * out. Throws DATASET_INVALID naming the parameter that is missing or has another shape.
 */
export function loadPretrainedEncoder(params: ParameterStore, bytes: Uint8Array): void {
  const arrays = toTimmNames(readSafetensors(bytes));
  params.load(
    Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, fromTorchLayout(name, array)])),
  );
}
