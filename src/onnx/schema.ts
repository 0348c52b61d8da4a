// The messages of an ONNX file (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3), as much of them as skyfix reads
// and writes.
import protobuf from 'protobufjs';

/** Bytes of an element by TensorProto.DataType; types that pack several elements into a byte are left out. */
export const ELEMENT_BYTES: Readonly<Record<number, number>> = {
  1: 4, // float32
  2: 1, // uint8
  3: 1, // int8
  4: 2, // uint16
  5: 2, // int16
  6: 4, // int32
  7: 8, // int64
  9: 1, // bool
  10: 2, // float16
  11: 8, // float64
  12: 4, // uint32
  13: 8, // uint64
  16: 2, // bfloat16
};

export const DATA_TYPES = {
  FLOAT: 1,
  UINT8: 2,
  INT8: 3,
  INT32: 6,
  INT64: 7,
  FLOAT16: 10,
  DOUBLE: 11,
  BFLOAT16: 16,
} as const;

const TYPE_NAMES: Readonly<Record<number, string>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
  16: 'bfloat16',
};

/** What people call a TensorProto.DataType. */
export const typeName = (dataType: number): string => TYPE_NAMES[dataType] ?? `type ${dataType}`;

/** Tensor.data_location of a tensor whose values lie in another file. */
export const EXTERNAL = 1;

const field = (type: string, id: number, rule?: 'repeated') => (rule ? { type, id, rule } : { type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    OperatorSetId: { fields: { domain: field('string', 1), version: field('int64', 2) } },
    Entry: { fields: { key: field('string', 1), value: field('string', 2) } },
    Tensor: {
      fields: {
        dims: field('int64', 1, 'repeated'),
        dataType: field('int32', 2),
        floatData: field('float', 4, 'repeated'),
        int32Data: field('int32', 5, 'repeated'),
        name: field('string', 8),
        rawData: field('bytes', 9),
        externalData: field('Entry', 13, 'repeated'),
        dataLocation: field('int32', 14),
      },
    },
    Attribute: {
      fields: {
        name: field('string', 1),
        f: field('float', 2),
        i: field('int64', 3),
        s: field('bytes', 4),
        t: field('Tensor', 5),
        floats: field('float', 7, 'repeated'),
        ints: field('int64', 8, 'repeated'),
        type: field('int32', 20),
      },
    },
    Node: {
      fields: {
        input: field('string', 1, 'repeated'),
        output: field('string', 2, 'repeated'),
        name: field('string', 3),
        opType: field('string', 4),
        attribute: field('Attribute', 5, 'repeated'),
      },
    },
    Dimension: { fields: { dimValue: field('int64', 1), dimParam: field('string', 2) } },
    Shape: { fields: { dim: field('Dimension', 1, 'repeated') } },
    TensorType: { fields: { elemType: field('int32', 1), shape: field('Shape', 2) } },
    Type: { fields: { tensorType: field('TensorType', 1) } },
    ValueInfo: { fields: { name: field('string', 1), type: field('Type', 2) } },
    Graph: {
      fields: {
        node: field('Node', 1, 'repeated'),
        name: field('string', 2),
        initializer: field('Tensor', 5, 'repeated'),
        input: field('ValueInfo', 11, 'repeated'),
        output: field('ValueInfo', 12, 'repeated'),
      },
    },
    Model: {
      fields: {
        irVersion: field('int64', 1),
        producerName: field('string', 2),
        graph: field('Graph', 7),
        opsetImport: field('OperatorSetId', 8, 'repeated'),
      },
    },
  },
});

/** The bytes of a message. */
export function encodeMessage(type: 'Model' | 'Node' | 'Tensor' | 'ValueInfo', message: object): Uint8Array {
  const of = root.lookupType(type);
  return of.encode(of.create(message as Record<string, unknown>)).finish();
}

/** A message as a plain object, 64-bit numbers as numbers; fields that are not there are left out. */
export function decodeMessage(type: 'Model' | 'Node' | 'Tensor' | 'ValueInfo', bytes: Uint8Array): unknown {
  const of = root.lookupType(type);
  return of.toObject(of.decode(bytes), { longs: Number });
}
