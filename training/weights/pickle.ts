// Python's pickle, read as data: numbers, texts, tuples, lists and dictionaries, and of everything else only what the caller
// knows by its name. Nothing is executed, unlike in Python, where a pickle is a program. Opcodes as in CPython's pickletools,
// up to protocol 4.

/** What a pickle holds. A tuple and a list are arrays, a dictionary is a Map; a value that the caller makes is an object. */
export type PickleValue =
  | null
  | boolean
  | number
  | string
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleGlobal
  | PickleObject;

/** A function or class by its module and name; it is only ever compared. */
export class PickleGlobal {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Made by the caller. */
export class PickleObject {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

export interface PickleReaders {
  /** Calls of the functions that are known, by "module name"; others are refused. */
  readonly calls: Readonly<Record<string, ((args: readonly PickleValue[]) => PickleValue) | undefined>>;
  /** Names that may occur without being called. */
  isKnown(name: string): boolean;
  /** What a persistent id stands for. */
  persistent(id: PickleValue): PickleValue;
}

/** Where pushes since an opening bracket begin. */
const MARK = Symbol('mark');
type Slot = PickleValue | typeof MARK;

/** The value of the pickle that begins at `start`, and where it ends. Throws Error saying what is not understood. */
export function readPickle(
  bytes: Uint8Array,
  start: number,
  readers: PickleReaders,
): { readonly value: PickleValue; readonly end: number } {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: Slot[] = [];
  const memo = new Map<number, PickleValue>();
  let at = start;

  const take = (count: number): Buffer => {
    if (at + count > file.length) throw new Error('the pickle ends in the middle');
    at += count;
    return file.subarray(at - count, at);
  };
  const byte = () => take(1).readUInt8();
  const line = () => {
    const end = file.indexOf(0x0a, at);
    if (end < 0) throw new Error('the pickle ends in the middle');
    const text = file.toString('utf8', at, end);
    at = end + 1;
    return text;
  };
  const pop = (): PickleValue => {
    const top = stack.pop();
    if (top === undefined || top === MARK) throw new Error('the pickle takes a value where there is none');
    return top;
  };
  const top = (): PickleValue => {
    const value = pop();
    stack.push(value);
    return value;
  };
  const popToMark = (): PickleValue[] => {
    const from = stack.lastIndexOf(MARK);
    if (from < 0) throw new Error('the pickle closes a bracket that was not opened');
    return stack.splice(from).slice(1) as PickleValue[];
  };
  const several = (count: number) => Array.from({ length: count }, pop).reverse();
  const global = (name: string): PickleGlobal => {
    if (!readers.calls[name] && !readers.isKnown(name)) {
      throw new Error(`it names ${name.replace(' ', '.')}, which is no part of a dictionary of tensors`);
    }
    return new PickleGlobal(name);
  };
  const append = (list: PickleValue, values: readonly PickleValue[]) => {
    if (!Array.isArray(list)) throw new Error('the pickle appends to what is no list');
    for (const value of values) list.push(value);
  };
  const set = (map: PickleValue, pairs: readonly PickleValue[]) => {
    if (!(map instanceof Map)) throw new Error('the pickle sets items of what is no dictionary');
    for (let i = 0; i + 1 < pairs.length; i += 2) map.set(pairs[i] ?? null, pairs[i + 1] ?? null);
  };
  const call = () => {
    const args = pop();
    const target = pop();
    const known = target instanceof PickleGlobal ? readers.calls[target.name] : undefined;
    if (!known || !Array.isArray(args)) {
      throw new Error(`it calls ${target instanceof PickleGlobal ? target.name : 'what is no function'}`);
    }
    stack.push(known(args));
  };
  const recalled = (index: number): PickleValue => {
    const value = memo.get(index);
    if (value === undefined) throw new Error('the pickle refers to what it has not held');
    return value;
  };
  const text = (count: number) => take(count).toString('utf8');

  const opcodes: Readonly<Record<string, (() => unknown) | undefined>> = {
    '\x80': () => byte(), // PROTO
    '\x95': () => take(8), // FRAME
    '(': () => stack.push(MARK),
    N: () => stack.push(null),
    '\x88': () => stack.push(true),
    '\x89': () => stack.push(false),
    K: () => stack.push(byte()),
    M: () => stack.push(take(2).readUInt16LE()),
    J: () => stack.push(take(4).readInt32LE()),
    '\x8a': () => stack.push(longOf(take(byte()))), // LONG1
    G: () => stack.push(take(8).readDoubleBE()),
    X: () => stack.push(text(take(4).readUInt32LE())),
    '\x8c': () => stack.push(text(byte())), // SHORT_BINUNICODE
    T: () => stack.push(text(take(4).readUInt32LE())),
    U: () => stack.push(text(byte())),
    '}': () => stack.push(new Map()),
    ']': () => stack.push([]),
    ')': () => stack.push([]),
    t: () => stack.push(popToMark()),
    l: () => stack.push(popToMark()),
    '\x85': () => stack.push(several(1)),
    '\x86': () => stack.push(several(2)),
    '\x87': () => stack.push(several(3)),
    a: () => {
      const value = pop();
      append(top(), [value]);
    },
    e: () => {
      const values = popToMark();
      append(top(), values);
    },
    s: () => {
      const pair = several(2);
      set(top(), pair);
    },
    u: () => {
      const pairs = popToMark();
      set(top(), pairs);
    },
    q: () => memo.set(byte(), top()),
    r: () => memo.set(take(4).readUInt32LE(), top()),
    '\x94': () => memo.set(memo.size, top()), // MEMOIZE
    h: () => stack.push(recalled(byte())),
    j: () => stack.push(recalled(take(4).readUInt32LE())),
    '0': () => pop(),
    c: () => {
      const module = line();
      stack.push(global(`${module} ${line()}`));
    },
    '\x93': () => {
      const [module, name] = several(2); // STACK_GLOBAL
      stack.push(global(`${String(module)} ${String(name)}`));
    },
    R: call,
    b: () => pop(), // BUILD: attributes of a dictionary (_metadata), of no use here
    Q: () => stack.push(readers.persistent(pop())),
  };
  for (;;) {
    const opcode = String.fromCharCode(byte());
    if (opcode === '.') break;
    const run = opcodes[opcode];
    if (!run)
      throw new Error(`the pickle has the opcode ${JSON.stringify(opcode)}, which tensors do not need`);
    run();
  }
  const value = pop();
  if (stack.length > 0) throw new Error('the pickle ends with values left over');
  return { value, end: at };
}

/** A little-endian signed integer of any length; beyond 2^53 it is rounded. */
function longOf(bytes: Buffer): number {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return Number(BigInt.asIntN(8 * bytes.length, value));
}
