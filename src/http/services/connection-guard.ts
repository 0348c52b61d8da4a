// Connections are bounded, altogether and from one address. Where there are too many, those without a request in
// progress (kept alive, trickling a header, silent) make room, oldest first; only then newcomers are refused.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, SkyfixError } from '../../errors/index.js';
import { senderOf } from './address.js';

export interface ConnectionLimits {
  readonly total: number;
  readonly perAddress: number;
  /** Addresses without a limit of their own: proxies that carry the connections of many. */
  readonly exempt: (address: string | undefined) => boolean;
}

interface Connection {
  readonly sender: string;
  /** Requests in progress. */
  busy: number;
  /** Answered already; what it still sends is nobody's. */
  refused: boolean;
}

export class ConnectionGuard {
  readonly #limits: ConnectionLimits;
  readonly #refuse: (error: SkyfixError, socket: Socket) => void;
  /** The one whose last request is longest ago comes first. */
  readonly #open = new Map<Socket, Connection>();
  readonly #openOf = new Map<string, number>();

  /** `refuse` answers on the bare socket and closes it. */
  constructor(limits: ConnectionLimits, refuse: (error: SkyfixError, socket: Socket) => void) {
    this.#limits = limits;
    this.#refuse = refuse;
  }

  get open(): number {
    return this.#open.size;
  }

  /** Watches a server from now on. */
  attach(server: Server): void {
    server.on('connection', (socket) => this.#admit(socket));
    const busy = (request: IncomingMessage, response: ServerResponse) => this.#busy(request.socket, response);
    server.prependListener('request', busy).prependListener('checkContinue', busy);
  }

  /** A request in progress that waits for its client: until `end` its connection may be closed for others. */
  waiting(socket: Socket): { end(): void } {
    const connection = this.#open.get(socket);
    if (connection) connection.busy--;
    let ended = false;
    return {
      end: () => {
        if (ended) return;
        ended = true;
        if (connection) connection.busy++;
      },
    };
  }

  #admit(socket: Socket): void {
    const sender = senderOf(socket.remoteAddress);
    this.#open.set(socket, { sender, busy: 0, refused: false });
    this.#openOf.set(sender, (this.#openOf.get(sender) ?? 0) + 1);
    socket.once('close', () => this.#forget(socket));
    const { total, perAddress, exempt } = this.#limits;
    if ((this.#openOf.get(sender) ?? 0) > perAddress && !exempt(socket.remoteAddress)) {
      if (this.#closeIdle(socket, sender)) return;
      this.#turnAway(socket, 'ADDRESS_BUSY', `${perAddress} connections from this address are open.`);
    } else if (this.#open.size > total && !this.#closeIdle(socket)) {
      this.#turnAway(socket, 'CONNECTIONS_FULL', `${total} connections are open.`);
    }
  }

  #turnAway(socket: Socket, code: ErrorCode, detail: string): void {
    const connection = this.#open.get(socket);
    if (connection) connection.refused = true;
    this.#refuse(new SkyfixError(code, detail), socket);
  }

  /** False where all the others are in the middle of a request. */
  #closeIdle(newcomer: Socket, sender?: string): boolean {
    for (const [socket, connection] of this.#open) {
      if (socket === newcomer || connection.busy > 0) continue;
      if (sender !== undefined && connection.sender !== sender) continue;
      this.#forget(socket);
      socket.destroy();
      return true;
    }
    return false;
  }

  #busy(socket: Socket, response: ServerResponse): void {
    const connection = this.#open.get(socket);
    if (!connection) return;
    if (connection.refused) {
      socket.destroy();
      return;
    }
    connection.busy++;
    response.once('close', () => {
      connection.busy--;
      // To the end: others have been idle for longer.
      if (this.#open.delete(socket)) this.#open.set(socket, connection);
    });
  }

  #forget(socket: Socket): void {
    const connection = this.#open.get(socket);
    if (!connection) return;
    this.#open.delete(socket);
    const left = (this.#openOf.get(connection.sender) ?? 1) - 1;
    if (left === 0) this.#openOf.delete(connection.sender);
    else this.#openOf.set(connection.sender, left);
  }
}
