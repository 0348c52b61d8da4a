// An ONNX file of someone else's, as a bundle keeps it: one file, the contract's names, float32 in and out.
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { messageOf, SkyfixError } from '../errors/index.js';
import {
  DATA_TYPES,
  type ExternalTensor,
  externalTensors,
  isCastable,
  type OnnxValue,
  readOnnx,
  typeName,
  withSignature,
  withTensorsInside,
} from '../onnx/index.js';
import type { NetworkContract } from './contract.js';
import { type Invalid, inputFault, invalidNetwork, outputFault } from './signature.js';

/** No protobuf message is longer. */
const MOST_BYTES = 2 ** 31 - 1;

export interface ReadNetwork {
  readonly bytes: Uint8Array;
  /** What is no longer as it was in the file, as phrases; empty where the bytes are the file's. */
  readonly changes: readonly string[];
}

/**
 * Reads a network: weights that lie in files beside it are taken in, inputs and outputs renamed by `renames` (old to new) and
 * cast to float32. Throws NETWORK_INVALID.
 */
export async function readNetwork(
  path: string,
  contract: Pick<NetworkContract, 'input' | 'output'>,
  renames: ReadonlyMap<string, string> = new Map(),
): Promise<ReadNetwork> {
  const invalid = invalidNetwork(path);
  const changes: string[] = [];
  let bytes: Uint8Array = await fileAt(path);
  bytes = await withWeightsInside(path, bytes, changes, invalid);
  bytes = withContractNames(bytes, contract, renames, changes, invalid);
  return { bytes, changes };
}

async function fileAt(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new SkyfixError('NETWORK_INVALID', `${path} cannot be read (${messageOf(error)}).`, {
      cause: error,
    });
  }
}

async function withWeightsInside(
  path: string,
  bytes: Uint8Array,
  changes: string[],
  invalid: Invalid,
): Promise<Uint8Array> {
  const tensors = attempt(
    () => externalTensors(bytes),
    (what) => invalid(`no ONNX file (${what})`),
  );
  if (tensors.length === 0) return bytes;
  const total = tensors.reduce((sum, { length }) => sum + length, bytes.length);
  if (total > MOST_BYTES) {
    throw invalid(
      `with its weights it has ${total} bytes; one ONNX file holds at most ${MOST_BYTES}: export the weights in float16`,
    );
  }
  const files = new Map<string, Uint8Array>();
  for (const location of new Set(tensors.map((tensor) => tensor.location))) {
    files.set(location, await weightsAt(path, location, invalid));
  }
  changes.push(`weights of ${[...files.keys()].join(', ')} taken in`);
  const valuesOf = ({ name, location, offset, length }: ExternalTensor) => {
    const file = files.get(location) ?? new Uint8Array();
    if (offset + length <= file.length) return file.subarray(offset, offset + length);
    throw invalid(
      `"${name}" takes bytes ${offset} to ${offset + length} of ${location}, which has ${file.length}: ` +
        `the file is cut off or another network's`,
    );
  };
  return withTensorsInside(bytes, valuesOf);
}

/** A file of weights: a name in the network's own folder or below it, wherever links lead. */
async function weightsAt(path: string, location: string, invalid: Invalid): Promise<Uint8Array> {
  const folder = dirname(path);
  const outside = () =>
    invalid(
      `its weights are said to lie in "${location}"; only files in the folder of ${basename(path)} are read`,
    );
  const parts = location.split(/[\\/]/);
  if (location === '' || isAbsolute(location) || /^[a-z]:|\0/i.test(location) || parts.includes('..')) {
    throw outside();
  }
  const file = join(folder, ...parts);
  let real: string;
  try {
    real = await realpath(file);
  } catch {
    throw invalid(
      `its weights lie in "${location}", which is not beside it: copy both files into one folder`,
    );
  }
  if (!real.startsWith(`${await realpath(folder)}${sep}`)) throw outside();
  const { size, ...kind } = await stat(real).then((s) => ({ size: s.size, isFile: s.isFile() }));
  if (!kind.isFile) throw invalid(`its weights are said to lie in "${location}", which is no file`);
  if (size > MOST_BYTES) {
    throw invalid(`${location} has ${size} bytes; one ONNX file holds at most ${MOST_BYTES}`);
  }
  return fileAt(real);
}

function withContractNames(
  bytes: Uint8Array,
  contract: Pick<NetworkContract, 'input' | 'output'>,
  renames: ReadonlyMap<string, string>,
  changes: string[],
  invalid: Invalid,
): Uint8Array {
  const { inputs, outputs } = attempt(
    () => readOnnx(bytes),
    (what) => invalid(`no ONNX file (${what})`),
  );
  const from = (values: readonly OnnxValue[], to: string, kind: string) => {
    const olds = [...renames].filter(([, now]) => now === to).map(([old]) => old);
    const [old = to] = olds;
    const value = values.find(({ name }) => name === old);
    if (olds.length > 0 && !value) {
      const there = values.map(({ name }) => name).join(', ');
      throw invalid(`it has no ${kind} "${old}" to rename to "${to}"; it has [${there}]`);
    }
    return value;
  };
  const input = from(inputs, contract.input, 'input');
  const output = from(outputs, contract.output, 'output');
  if (!input) throw invalid(inputFault(inputs, contract.input));
  if (!output) throw invalid(outputFault(outputs, contract.output));
  const ends = [
    [input, contract.input],
    [output, contract.output],
  ] as const;
  for (const [{ name, dataType }, to] of ends) {
    if (name !== to) changes.push(`${name} renamed to ${to}`);
    if (isCastable(dataType)) changes.push(`${to} cast from ${typeName(dataType)}`);
    else if (dataType !== DATA_TYPES.FLOAT) {
      throw invalid(`${name} is of ${typeName(dataType)}; float32, float16, bfloat16 or float64 is required`);
    }
  }
  const isFirst = outputs[0]?.name === output.name;
  if (ends.every(([{ name, dataType }, to]) => name === to && dataType === DATA_TYPES.FLOAT) && isFirst) {
    return bytes;
  }
  if (!isFirst) changes.push(`${contract.output} is the first output`);
  return attempt(
    () =>
      withSignature(
        bytes,
        { from: input.name, to: contract.input },
        { from: output.name, to: contract.output },
      ),
    (what) => invalid(`its inputs and outputs cannot be adapted (${what})`),
  );
}

/** What `run` gives; what it throws, as `refused` says it. */
function attempt<T>(run: () => T, refused: (what: string) => SkyfixError): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof SkyfixError ? error : refused(messageOf(error));
  }
}
