// The nodes of a Weaviate cluster: calls go round, and to the next node where one does not answer.
import { messageOf, SkyfixError } from '../errors/index.js';
import { GrpcFailure, GrpcSession } from './grpc-session.js';
import type { Method } from './protocol.js';

/** How a cluster is reached. */
export interface ClusterAddress {
  /** http://host:port of each node's REST interface; the others are found through them only by the cluster itself. */
  readonly urls: readonly string[];
  /** http://host:port of each node's gRPC interface, in the same order; absent: port 50051 of the same hosts. */
  readonly grpcUrls?: readonly string[] | undefined;
  readonly apiKey?: string | undefined;
  /** Of one question, attempts at all nodes together; 2000. */
  readonly deadlineMs?: number | undefined;
}

const GRPC_PORT = 50051;
export const DEFAULT_DEADLINE_MS = 2_000;

interface Node {
  readonly url: string;
  readonly grpc: GrpcSession;
}

export interface CallOptions {
  readonly deadlineMs?: number | undefined;
  /** This node alone, by its place in the address. */
  readonly node?: number | undefined;
  /** These nodes alone; all when absent. */
  readonly among?: readonly number[] | undefined;
  /** REST: 404 is a node that has not heard of it yet, as one that came back; another is asked. */
  readonly allKnow?: boolean | undefined;
}

/** What REST answered: its JSON, undefined where there was none. */
export interface RestAnswer {
  readonly status: number;
  readonly json: unknown;
}

export class Cluster {
  readonly #nodes: readonly Node[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  #next = 0;

  /**
   * Connects with the first call. `onLost` hears of every connection to a node that ends: the node may have died. Throws
   * CONFIG_INVALID for an address that is none.
   */
  constructor(
    { urls, grpcUrls = [], apiKey, deadlineMs = DEFAULT_DEADLINE_MS }: ClusterAddress,
    onLost: (node: number) => void = () => {},
  ) {
    if (urls.length === 0) throw new SkyfixError('CONFIG_INVALID', 'No address of a Weaviate node is given.');
    if (grpcUrls.length > 0 && grpcUrls.length !== urls.length) {
      const what = `${urls.length} addresses of Weaviate nodes have ${grpcUrls.length} addresses for gRPC.`;
      throw new SkyfixError('CONFIG_INVALID', what);
    }
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
    this.deadlineMs = deadlineMs;
    this.#nodes = urls.map((url, k) => ({
      url: originOf(url),
      grpc: new GrpcSession(originOf(grpcUrls[k] ?? withPort(url, GRPC_PORT)), this.#headers, () =>
        onLost(k),
      ),
    }));
  }

  /** How many there are in the address. */
  get nodeCount(): number {
    return this.#nodes.length;
  }

  /** For people. */
  get name(): string {
    return this.#nodes.map(({ url }) => url).join(', ');
  }

  /** Throws CLUSTER_UNAVAILABLE where no node answers, and where they refuse. */
  async call<T, R>(method: Method<T, R>, message: T, options: CallOptions = {}): Promise<R> {
    return this.#atSome(options, ({ grpc }, deadlineMs) => grpc.call(method, message, deadlineMs));
  }

  /** The same over REST, where what was asked must do no harm when it is done twice. */
  async rest(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<RestAnswer> {
    return this.#atSome(options, async ({ url }, deadlineMs) => {
      const response = await fetch(`${url}/v1/${path}`, {
        method,
        headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(deadlineMs),
      });
      const text = await response.text();
      const elsewhere = response.status >= 500 || (options.allKnow && response.status === 404);
      if (elsewhere) throw new Error(`status ${response.status} ${text.slice(0, 200)}`);
      return { status: response.status, json: text === '' ? undefined : (JSON.parse(text) as unknown) };
    });
  }

  close(): void {
    for (const { grpc } of this.#nodes) grpc.close();
  }

  /** Each attempt has an equal share of the time that is left, so that one silent node does not take it all. */
  async #atSome<A>(
    { deadlineMs = this.deadlineMs, node, among = [...this.#nodes.keys()] }: CallOptions,
    ask: (node: Node, deadlineMs: number) => Promise<A>,
  ): Promise<A> {
    const first = this.#next++;
    const nodes = node === undefined ? among : [node];
    const attempts = node === undefined ? Math.max(2, nodes.length) : 1;
    const endsAt = performance.now() + deadlineMs;
    const failures: string[] = nodes.length === 0 ? [`of ${this.name} no node may be asked yet`] : [];
    let cause: unknown;
    for (let k = 0; k < attempts && nodes.length > 0; k++) {
      const leftMs = endsAt - performance.now();
      if (leftMs < 1) break;
      const asked = this.#nodes[nodes[(first + k) % nodes.length] as number] as Node;
      try {
        return await ask(asked, Math.ceil(leftMs / (attempts - k)));
      } catch (error) {
        cause = error;
        const why = error instanceof GrpcFailure ? whyOf(error) : `${asked.url}: ${whyOf(error)}`;
        if (!failures.includes(why)) failures.push(why);
        if (error instanceof GrpcFailure && !error.later) break;
      }
    }
    throw new SkyfixError('CLUSTER_UNAVAILABLE', `${failures.join('; ')}.`, { cause });
  }
}

/** fetch hides why in its cause. */
function whyOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const inner = cause instanceof Error && !(error instanceof GrpcFailure) ? ` (${cause.message})` : '';
  return `${messageOf(error)}${inner}`.replace(/[.]+$/, '');
}

function originOf(url: string): string {
  if (/^https?:\/\/[^\s/]+\/?$/.test(url) && URL.canParse(url)) return new URL(url).origin;
  throw new SkyfixError('CONFIG_INVALID', `${JSON.stringify(url)} is no address like http://host:8080.`);
}

function withPort(url: string, port: number): string {
  const changed = new URL(originOf(url));
  changed.port = String(port);
  return changed.origin;
}
