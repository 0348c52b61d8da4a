// A Weaviate node with one collection, as far as a search asks one: exact answers, REST and gRPC on ports of their own, and it
// can go away and come back. Tests of what becomes of a region meanwhile need no Go.
import { createServer as createRestServer, type Server } from 'node:http';
import { createServer as createGrpcServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import type { Catalogue, Descriptors } from '../../src/search/index.js';
import { geohash } from '../../src/weaviate/geohash.js';
import { messageType, readVector, sentVector } from '../../src/weaviate/protocol.js';
import { uuidOfRow } from '../../src/weaviate/row-ids.js';

export interface FakeCollection {
  readonly collection: string;
  readonly descriptors: Descriptors;
  readonly catalogue: Catalogue;
}

/** The one shard of its collection. */
export const FAKE_SHARD = 'whole';

interface SearchQuestion {
  readonly collection: string;
  readonly limit: number;
  readonly filters?: { readonly valueTextArray: { readonly values: readonly string[] } };
  readonly nearVector?: {
    readonly vectorForTargets: readonly [
      { readonly vectors: readonly [{ readonly vectorBytes: Uint8Array }] },
    ];
  };
}

export class FakeWeaviate {
  readonly #held: FakeCollection;
  readonly #sockets = new Set<Socket>();
  #servers: readonly (Server | Http2Server)[] = [];
  #ports: readonly [number, number] = [0, 0];
  /** Rows that it has lost. */
  readonly lost = new Set<number>();
  /** What its rows are asked for as; it knows no other. */
  collection: string;

  readonly #rows: readonly number[];

  constructor(held: FakeCollection) {
    this.#held = held;
    this.collection = held.collection;
    this.#rows = Array.from({ length: held.descriptors.count }, (_, row) => row);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports[0]}`;
  }

  get grpcUrl(): string {
    return `http://127.0.0.1:${this.#ports[1]}`;
  }

  /** Listens; again on the same ports. */
  async start(): Promise<void> {
    const rest = createRestServer(({ url }, response) => {
      const known = url?.startsWith(`/v1/nodes/${this.collection}?`);
      const shards = known ? [{ name: FAKE_SHARD, objectCount: this.#there().length }] : [];
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ nodes: [{ name: 'w0', shards }] }));
    });
    const grpc = createGrpcServer();
    grpc.on('stream', (stream, headers) => void this.#answer(stream, String(headers[':path'])));
    this.#servers = [rest, grpc];
    const [restPort, grpcPort] = this.#ports;
    this.#ports = [await this.#listen(rest, restPort), await this.#listen(grpc, grpcPort)];
  }

  /** Ends every connection. */
  async stop(): Promise<void> {
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(closed);
    this.#servers = [];
  }

  #listen(server: NetServer, port: number): Promise<number> {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket.setNoDelay());
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
    });
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  }

  #there(): number[] {
    return this.#rows.filter((row) => !this.lost.has(row));
  }

  async #answer(stream: ServerHttp2Stream, path: string): Promise<void> {
    stream.on('error', () => {});
    const pieces: Buffer[] = [];
    for await (const piece of stream) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces).subarray(5);
    const reply = path.endsWith('/Search')
      ? messageType('SearchReply').fromObject({ results: this.#search(body) })
      : messageType('AggregateReply').fromObject({ singleResult: { objectsCount: this.#there().length } });
    const message = reply.$type.encode(reply).finish();
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    if (stream.destroyed) return;
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.concat([prefix, message]));
  }

  #search(body: Uint8Array): object[] {
    const type = messageType('SearchRequest');
    const { collection, limit, filters, nearVector } = type.toObject(type.decode(body)) as SearchQuestion;
    if (collection !== this.collection) return [];
    const { catalogue, descriptors } = this.#held;
    const cells = filters?.valueTextArray.values;
    const inCells = (row: number) =>
      cells?.some((cell) => geohash(catalogue.place(row), cell.length) === cell) ?? true;
    const rows = this.#there().filter(inCells);
    const vectorOf = (row: number) =>
      descriptors.data.subarray(row * descriptors.dimensions, (row + 1) * descriptors.dimensions);
    const bytes = nearVector?.vectorForTargets[0].vectors[0].vectorBytes;
    if (!bytes) {
      const found = rows.map((row) => ({ id: uuidOfRow(row), vectors: [sentVector(vectorOf(row))] }));
      return found.slice(0, limit).map((metadata) => ({ metadata }));
    }
    const queries = readVector(bytes.subarray(2));
    const near: { readonly id: string; readonly distance: number }[] = [];
    for (const row of rows) {
      const distance = -bestCosine(vectorOf(row), queries);
      const worse = near.findIndex((one) => one.distance > distance);
      if (worse === -1 && near.length >= limit) continue;
      near.splice(worse === -1 ? near.length : worse, 0, { id: uuidOfRow(row), distance });
      if (near.length > limit) near.pop();
    }
    return near.map((metadata) => ({ metadata }));
  }
}

/** Of a vector with any of the queries, which lie one behind the other. */
function bestCosine(vector: Float32Array, queries: Float32Array): number {
  let best = -1;
  for (let from = 0; from < queries.length; from += vector.length) {
    let sum = 0;
    for (let i = 0; i < vector.length; i++) sum += (vector[i] as number) * (queries[from + i] as number);
    best = Math.max(best, sum);
  }
  return best;
}
