// Unary gRPC calls over one HTTP/2 connection (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). Calls
// share it; one that is lost is made anew by the next call.
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { messageOf } from '../errors/index.js';
import type { Method } from './protocol.js';

/** https://grpc.io/docs/guides/status-codes */
export const GRPC_OK = 0;
const CANCELLED = 1;
const UNKNOWN = 2;
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;

const MESSAGE_PREFIX_BYTES = 5;
/** What this side takes before it acknowledges: answers with thousands of vectors are not held up by the distance. */
const WINDOW_BYTES = 16 * 2 ** 20;

/** A call without an answer; `later` where another node or another moment may have one. */
export class GrpcFailure extends Error {
  readonly status: number;
  readonly later: boolean;

  constructor(status: number, text: string, options?: ErrorOptions) {
    super(text, options);
    this.status = status;
    this.later = [CANCELLED, UNKNOWN, DEADLINE_EXCEEDED, 8, 10, 13, UNAVAILABLE].includes(status);
  }
}

export class GrpcSession {
  readonly origin: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #onLost: () => void;
  #session: ClientHttp2Session | undefined;
  #closed = false;

  /**
   * Of http://host:port or https://host:port; the headers go with every call. Connects with the first call; `onLost` hears of
   * every connection that ends before close().
   */
  constructor(origin: string, headers: Readonly<Record<string, string>>, onLost: () => void = () => {}) {
    this.origin = origin;
    this.#headers = headers;
    this.#onLost = onLost;
  }

  /** Throws GrpcFailure. */
  call<T, R>(method: Method<T, R>, message: T, deadlineMs: number): Promise<R> {
    if (this.#closed) return Promise.reject(new GrpcFailure(CANCELLED, `${this.origin}: it was closed`));
    const body = framed(method.encode(message));
    return new Promise((resolve, reject) => {
      const session = this.#connected();
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: method.path,
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': `${Math.max(1, Math.ceil(deadlineMs))}m`,
        ...this.#headers,
      });
      const fail = (status: number, text: string, cause?: unknown) => {
        clearTimeout(timer);
        reject(new GrpcFailure(status, `${this.origin}: ${text}`, { cause }));
        if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL);
      };
      const timer = setTimeout(() => {
        // The peer may be gone without a word: what comes later connects anew, what is under way may still end.
        this.#leave(session);
        fail(DEADLINE_EXCEEDED, `no answer within ${Math.round(deadlineMs)} ms`);
      }, deadlineMs);
      let status: unknown;
      let text: unknown;
      const take = (headers: Record<string, unknown>) => {
        status = headers['grpc-status'] ?? status;
        text = headers['grpc-message'] ?? text;
      };
      const pieces: Buffer[] = [];
      stream.on('response', (headers) => {
        const code = headers[constants.HTTP2_HEADER_STATUS];
        if (Number(code) !== 200) fail(UNAVAILABLE, `HTTP status ${code}`);
        take(headers);
      });
      stream.on('trailers', take);
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('error', (error) => fail(UNAVAILABLE, messageOf(error), error));
      stream.on('close', () => {
        clearTimeout(timer);
        if (status === undefined) return fail(UNAVAILABLE, 'the connection ended');
        if (Number(status) !== GRPC_OK) return fail(Number(status), decoded(text) || `status ${status}`);
        try {
          resolve(method.decode(unframed(Buffer.concat(pieces))));
        } catch (error) {
          fail(UNKNOWN, messageOf(error), error);
        }
      });
      stream.end(body);
    });
  }

  /** Calls under way fail. */
  close(): void {
    this.#closed = true;
    this.#session?.destroy();
    this.#session = undefined;
  }

  #connected(): ClientHttp2Session {
    const there = this.#session;
    if (there && !there.closed && !there.destroyed) return there;
    const session = connect(this.origin, {
      settings: { initialWindowSize: WINDOW_BYTES, enablePush: false },
    });
    session.setMaxListeners(0);
    session.on('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
    // Each call is told by its own stream.
    session.on('error', () => {});
    session.on('goaway', () => this.#leave(session));
    session.on('close', () => {
      this.#leave(session);
      if (!this.#closed) this.#onLost();
    });
    this.#session = session;
    return session;
  }

  #leave(session: ClientHttp2Session): void {
    if (this.#session === session) this.#session = undefined;
    if (!session.closed) session.close();
  }
}

/** One message: no compression, its length, itself. */
function framed(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(MESSAGE_PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, MESSAGE_PREFIX_BYTES);
  return frame;
}

function unframed(frame: Buffer): Buffer {
  const length = frame.length < MESSAGE_PREFIX_BYTES ? -1 : frame.readUInt32BE(1);
  if (frame[0] !== 0 || frame.length !== MESSAGE_PREFIX_BYTES + length) {
    throw new Error(`its ${frame.length} bytes are no message`);
  }
  return frame.subarray(MESSAGE_PREFIX_BYTES);
}

function decoded(text: unknown): string {
  try {
    return decodeURIComponent(String(text ?? ''));
  } catch {
    return String(text);
  }
}
