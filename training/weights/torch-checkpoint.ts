// A dictionary of tensors (state_dict) as torch.save writes it, without PyTorch and without running any of its code: today's
// ZIP archives, and the bare pickles of PyTorch before 1.6 (torch/serialization.py, _legacy_save).
import { messageOf, SkyfixError } from 'skyfix/errors';
import type { NamedArray } from '../networks/index.js';
import { ELEMENT_TYPES, type ElementType, toFloat32 } from './element-types.js';
import { PickleObject, type PickleReaders, type PickleValue, readPickle } from './pickle.js';
import { isZip, openZip } from './zip.js';

/** 119547037146038801333356, the first pickle of the bare form, as far as a number holds it. */
const LEGACY_MAGIC = Number(0x1950a86a20f9469cfc6cn);
const LEGACY_PROTOCOL = 1001;

/** Storage classes by their names in a pickle. */
const STORAGES: Readonly<Record<string, ElementType | undefined>> = {
  'torch DoubleStorage': 'F64',
  'torch FloatStorage': 'F32',
  'torch HalfStorage': 'F16',
  'torch BFloat16Storage': 'BF16',
  'torch LongStorage': 'I64',
  'torch IntStorage': 'I32',
  'torch ShortStorage': 'I16',
  'torch CharStorage': 'I8',
  'torch ByteStorage': 'U8',
  'torch BoolStorage': 'BOOL',
};

/** Numbers that tensors lie in, one behind the other. */
class Storage {
  readonly key: string;
  readonly type: ElementType;
  constructor(key: string, type: ElementType) {
    this.key = key;
    this.type = type;
  }
}

/** A tensor's place in its storage. */
class StoredTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

const numbersOf = (value: PickleValue | undefined): number[] => {
  if (!Array.isArray(value) || !value.every((each) => Number.isSafeInteger(each) && Number(each) >= 0)) {
    throw new Error('a tensor has no list of sizes');
  }
  return value.map(Number);
};

const storedTensor = (args: readonly PickleValue[]): PickleValue => {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof PickleObject) || !(storage.value instanceof Storage)) {
    throw new Error('a tensor has no storage');
  }
  const [sizes, steps] = [numbersOf(shape), numbersOf(strides)];
  if (sizes.length !== steps.length) throw new Error('a tensor has other strides than sizes');
  return new PickleObject(new StoredTensor(storage.value, numbersOf([offset ?? null])[0] ?? 0, sizes, steps));
};

const READERS: PickleReaders = {
  calls: {
    'collections OrderedDict': (args) => new Map((args[0] as [PickleValue, PickleValue][] | undefined) ?? []),
    'torch._utils _rebuild_tensor_v2': storedTensor,
    'torch._utils _rebuild_parameter': (args) => args[0] ?? null,
  },
  isKnown: (name) => name in STORAGES,
  persistent: (id) => {
    const [kind, type, key] = Array.isArray(id) ? id : [];
    const name = typeof type === 'object' && type !== null && 'name' in type ? type.name : '';
    const element = STORAGES[name];
    if (kind !== 'storage' || !element || typeof key !== 'string')
      throw new Error('it has an unknown storage');
    return new PickleObject(new Storage(key, element));
  },
};

/**
 * The tensors of the checkpoint `source` (its name in messages) as float32, in PyTorch's layout; entries of its dictionary
 * that are no tensors are left out. Of a training checkpoint, a dictionary "state_dict" or "model" in it is taken. Throws
 * WEIGHTS_INVALID where the file is damaged, or holds anything but data.
 */
export function readTorchCheckpoint(bytes: Uint8Array, source: string): Record<string, NamedArray> {
  try {
    const { root, bytesOf } = isZip(bytes) ? openArchive(bytes, source) : openLegacy(bytes);
    const dictionary = dictionaryOf(root);
    if (!dictionary) throw new Error('it holds no dictionary of tensors');
    const arrays: Record<string, NamedArray> = {};
    const read = new Map<string, Float32Array>();
    for (const [name, value] of dictionary) {
      if (!(value instanceof PickleObject) || !(value.value instanceof StoredTensor)) continue;
      const { storage } = value.value;
      const values = read.get(storage.key) ?? toFloat32(storage.type, bytesOf(storage));
      read.set(storage.key, values);
      arrays[String(name)] = arrayOf(value.value, values, String(name));
    }
    if (Object.keys(arrays).length === 0) throw new Error('it holds no dictionary of tensors');
    return arrays;
  } catch (cause) {
    if (cause instanceof SkyfixError) throw cause;
    throw new SkyfixError(
      'WEIGHTS_INVALID',
      `${source}: this PyTorch checkpoint cannot be read: ${messageOf(cause)}.`,
      { cause },
    );
  }
}

interface Opened {
  readonly root: PickleValue;
  bytesOf(storage: Storage): Uint8Array;
}

function openArchive(bytes: Uint8Array, source: string): Opened {
  const archive = openZip(bytes, source);
  const main = archive.names.find((name) => name.endsWith('/data.pkl') || name === 'data.pkl');
  if (main === undefined) throw new Error('the archive holds no data.pkl');
  const folder = main.slice(0, -'data.pkl'.length);
  const order = `${folder}byteorder`;
  if (archive.names.includes(order) && Buffer.from(archive.read(order)).toString() !== 'little') {
    throw new Error('it was written on a big-endian machine');
  }
  const { value } = readPickle(archive.read(main), 0, READERS);
  return { root: value, bytesOf: ({ key }) => archive.read(`${folder}data/${key}`) };
}

/** Pickles of the magic number, the protocol, the machine, the dictionary and the storages' keys; then each storage. */
function openLegacy(bytes: Uint8Array): Opened {
  const pickles: PickleValue[] = [];
  let at = 0;
  while (pickles.length < 5) {
    const { value, end } = readPickle(bytes, at, READERS);
    pickles.push(value);
    at = end;
    if (pickles[0] !== LEGACY_MAGIC) throw new Error('it is a pickle, but none of torch.save');
  }
  const [, protocol, machine, root = null, keys] = pickles;
  if (protocol !== LEGACY_PROTOCOL) throw new Error(`it has the protocol ${String(protocol)}, not 1001`);
  if (!(machine instanceof Map) || machine.get('little_endian') !== true) {
    throw new Error('it was written on a big-endian machine');
  }
  if (!Array.isArray(keys)) throw new Error('it lists no storages');
  const types = storagesIn(root);
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = new Map<string, Uint8Array>();
  for (const key of keys.map(String)) {
    const type = types.get(key);
    if (!type) throw new Error(`the storage ${key} belongs to no tensor`);
    if (at + 8 > file.length) throw new Error('the file ends before its last storage');
    const length = Number(file.readBigInt64LE(at)) * ELEMENT_TYPES[type].bytes;
    if (!(length >= 0 && at + 8 + length <= file.length)) throw new Error('the file ends inside a storage');
    parts.set(key, file.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return {
    root,
    bytesOf: ({ key }) => {
      const part = parts.get(key);
      if (!part) throw new Error(`the storage ${key} is not in the file`);
      return part;
    },
  };
}

/** Types of all storages that a value's tensors lie in. */
function storagesIn(value: PickleValue, found = new Map<string, ElementType>()): Map<string, ElementType> {
  if (value instanceof PickleObject && value.value instanceof StoredTensor) {
    found.set(value.value.storage.key, value.value.storage.type);
  } else if (value instanceof Map) {
    for (const each of value.values()) storagesIn(each, found);
  } else if (Array.isArray(value)) {
    for (const each of value) storagesIn(each, found);
  }
  return found;
}

function dictionaryOf(root: PickleValue): Map<PickleValue, PickleValue> | undefined {
  if (!(root instanceof Map)) return undefined;
  const inner = root.get('state_dict') ?? root.get('model');
  return inner instanceof Map ? inner : root;
}

function arrayOf({ offset, shape, strides }: StoredTensor, values: Float32Array, name: string): NamedArray {
  const count = shape.reduce((a, b) => a * b, 1);
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), offset);
  if (count > values.length || (count > 0 && last >= values.length))
    throw new Error(`the tensor ${name} reaches beyond its storage`);
  const data = new Float32Array(count);
  const index = shape.map(() => 0);
  let from = offset;
  for (let i = 0; i < count; i++) {
    data[i] = values[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = (index[axis] ?? 0) + 1;
      from += strides[axis] ?? 0;
      if ((index[axis] ?? 0) < (shape[axis] ?? 0)) break;
      from -= (strides[axis] ?? 0) * (shape[axis] ?? 0);
      index[axis] = 0;
    }
  }
  return { shape, data };
}
