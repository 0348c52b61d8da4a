// The messages of Weaviate's gRPC interface that are used here, as its version 1.35 has them (grpc/proto/v1). Fields that
// are neither sent nor read are left out, which the wire format allows.
import protobuf from 'protobufjs';

const PROTO = `
syntax = "proto3";
package weaviate.v1;

enum ConsistencyLevel { UNSPECIFIED = 0; ONE = 1; QUORUM = 2; ALL = 3; }
message Vectors { string name = 1; bytes vector_bytes = 3; int32 type = 4; }
message TextArray { repeated string values = 1; }
message FilterTarget { string property = 1; }
message Filters { int32 operator = 1; TextArray value_text_array = 9; FilterTarget target = 20; }

message SearchRequest {
  string collection = 1;
  PropertiesRequest properties = 20;
  MetadataRequest metadata = 21;
  uint32 limit = 30;
  Filters filters = 40;
  NearVector near_vector = 43;
  bool uses_127_api = 102;
}
message PropertiesRequest { repeated string non_ref_properties = 1; }
message MetadataRequest { bool uuid = 1; bool distance = 5; repeated string vectors = 10; }
message Targets { repeated string target_vectors = 1; int32 combination = 2; }
message VectorForTarget { string name = 1; repeated Vectors vectors = 3; }
message NearVector { Targets targets = 6; repeated VectorForTarget vector_for_targets = 8; }

message SearchReply { float took = 1; repeated SearchResult results = 2; }
message SearchResult { MetadataResult metadata = 2; }
message MetadataResult { string id = 1; float distance = 7; repeated Vectors vectors = 23; }

message Value { double number_value = 2; string string_value = 3; }
message Struct { map<string, Value> fields = 1; }
message TextArrayProperties { repeated string values = 1; string prop_name = 2; }
message Properties { Struct non_ref_properties = 1; repeated TextArrayProperties text_array_properties = 6; }
message BatchObject { string uuid = 1; Properties properties = 3; string collection = 4; repeated Vectors vectors = 23; }
message BatchObjectsRequest { repeated BatchObject objects = 1; ConsistencyLevel consistency_level = 2; }
message BatchError { int32 index = 1; string error = 2; }
message BatchObjectsReply { float took = 1; repeated BatchError errors = 2; }

message AggregateRequest { string collection = 1; bool objects_count = 20; }
message Single { int64 objects_count = 1; }
message AggregateReply { Single single_result = 2; }
`;

const { root } = protobuf.parse(PROTO, { keepCase: false });
/** One of the messages, by its name. */
export const messageType = (name: string) => root.lookupType(`weaviate.v1.${name}`);

/** The one vector of each object. */
export const VECTOR = 'look';
const SINGLE = 1;
const MULTIPLE = 2;
const CONTAINS_ANY = 12;
const MINIMUM = 2;
/** An acknowledged object lies on most of its replicas. */
export const QUORUM = 2;

/** A method of the service with its messages; T is what is sent and R what is read. */
export interface Method<T, R> {
  readonly path: string;
  readonly encode: (message: T) => Uint8Array;
  readonly decode: (bytes: Uint8Array) => R;
}

function method<T extends object, R>(name: string, request: string, reply: string): Method<T, R> {
  const [sent, read] = [messageType(request), messageType(reply)];
  return {
    path: `/weaviate.v1.Weaviate/${name}`,
    encode: (message) => sent.encode(sent.fromObject(message)).finish(),
    // Messages have their defaults on the prototype: what is read here is always there.
    decode: (bytes) => read.decode(bytes) as unknown as R,
  };
}

export interface ReadObject {
  readonly metadata: {
    readonly id: string;
    readonly distance: number;
    readonly vectors: readonly { readonly vectorBytes: Uint8Array }[];
  };
}
export const SEARCH = method<object, { readonly results: readonly ReadObject[] }>(
  'Search',
  'SearchRequest',
  'SearchReply',
);

export interface SentObject {
  readonly uuid: string;
  readonly collection: string;
  readonly properties: object;
  readonly vectors: readonly object[];
}
export const BATCH_OBJECTS = method<
  { readonly objects: readonly SentObject[]; readonly consistencyLevel: number },
  { readonly errors: readonly { readonly index: number; readonly error: string }[] }
>('BatchObjects', 'BatchObjectsRequest', 'BatchObjectsReply');

export const AGGREGATE = method<
  { readonly collection: string; readonly objectsCount: true },
  { readonly singleResult: { readonly objectsCount: number | { toNumber(): number } } | null }
>('Aggregate', 'AggregateRequest', 'AggregateReply');

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A vector of an object that is sent. */
export function sentVector(vector: Float32Array): object {
  // Copied: the library takes no shared memory.
  return { name: VECTOR, type: SINGLE, vectorBytes: bytesOf(vector).slice() };
}

/** [D], where the bytes may lie anywhere. */
export function readVector(bytes: Uint8Array): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/**
 * The objects nearest to any of the queries: each counts with the smallest of its distances. The bytes of several vectors
 * are a uint16 of their dimensions and the values.
 */
export function nearAny(queries: readonly Float32Array[]): object {
  const dimensions = queries[0]?.length ?? 0;
  const bytes = new Uint8Array(2 + 4 * dimensions * queries.length);
  new DataView(bytes.buffer).setUint16(0, dimensions, true);
  for (const [k, query] of queries.entries()) bytes.set(bytesOf(query), 2 + 4 * dimensions * k);
  return {
    targets: { targetVectors: [VECTOR], combination: MINIMUM },
    vectorForTargets: [{ name: VECTOR, vectors: [{ name: VECTOR, type: MULTIPLE, vectorBytes: bytes }] }],
  };
}

/** Objects with one of the values in a property. */
export function withAny(property: string, values: readonly string[]): object {
  return { operator: CONTAINS_ANY, valueTextArray: { values }, target: { property } };
}
