// Who asks, and whether they may: keys of the keys file with their scopes, and the keys of SKYFIX_API_KEYS, which are the
// operator's own.
import { timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { SkyfixError } from '../../errors/index.js';
import { type ApiKey, digestOf, type KeyRing, type KeyScope } from '../../keys/index.js';
import { bearerKeyOf, isLocal } from '../requests/api-key.js';

/** What a route asks for; "read": what every user of panoramas and every publisher may see; "open": no key at all. */
export type RouteScope = KeyScope | 'read' | 'open';

const ENOUGH: Readonly<Record<Exclude<RouteScope, 'open'>, readonly KeyScope[]>> = {
  locate: ['locate'],
  read: ['locate', 'admin'],
  metrics: ['metrics'],
  admin: ['admin'],
};

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Default: locate, so that a route which says nothing is not open by mistake. */
    scope?: RouteScope;
    /** Counted by the rate limit. */
    limited?: boolean;
  }
}

/** Who a key belongs to, as far as requests need it. */
export type Caller = Pick<ApiKey, 'name' | 'scopes' | 'requestsPerMinute' | 'uploads'>;

export interface AccessOptions {
  /** Undefined: only the admin routes ask for a key. */
  readonly ring: KeyRing | undefined;
  readonly adminKeys: readonly string[];
  /** Who asks from this machine itself needs no key, except for the admin routes. */
  readonly loopbackOpen: boolean;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export class Access {
  readonly #options: AccessOptions;
  readonly #callers = new WeakMap<FastifyRequest, Caller>();

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Whose key the request carries, before it is known whether that suffices; undefined without a key that is right. */
  identify(request: FastifyRequest): Caller | undefined {
    const known = this.#callers.get(request);
    if (known) return known;
    const text = bearerKeyOf(request);
    const caller = text === undefined ? undefined : (this.#ownKey(text) ?? this.#ringKey(text));
    if (caller) this.#callers.set(request, caller);
    return caller;
  }

  /** From this machine itself, where that needs no key. */
  isFree(request: FastifyRequest): boolean {
    return this.#options.loopbackOpen && isLocal(request);
  }

  /** Throws ADMIN_DISABLED, UNAUTHORIZED, KEY_SCOPE_MISSING. */
  require(request: FastifyRequest, scope: RouteScope): void {
    const { ring, adminKeys } = this.#options;
    if (scope === 'open') return;
    if (scope === 'admin') {
      if (!ring && adminKeys.length === 0)
        throw new SkyfixError('ADMIN_DISABLED', 'No API key is configured.');
    } else if (!ring || this.isFree(request)) return;
    const caller = this.identify(request);
    if (!caller) {
      const what =
        bearerKeyOf(request) === undefined ? 'carries no bearer key' : 'carries an unknown bearer key';
      throw new SkyfixError('UNAUTHORIZED', `The request ${what}.`);
    }
    const [needed, ...others] = ENOUGH[scope];
    if ([needed, ...others].some((one) => one && caller.scopes.includes(one))) return;
    throw new SkyfixError('KEY_SCOPE_MISSING', `The key "${caller.name}" has not the scope "${needed}".`);
  }

  #ownKey(text: string): Caller | undefined {
    const digest = digestOf(text);
    // Every key is compared, whichever matches; digests make all lengths equal.
    const matches = this.#options.adminKeys.map((key) => timingSafeEqual(digest, digestOf(key)));
    const at = matches.indexOf(true);
    return at < 0 ? undefined : { name: `SKYFIX_API_KEYS ${at + 1}`, scopes: ['admin'] };
  }

  #ringKey(text: string): Caller | undefined {
    const { ring, now = Date.now } = this.#options;
    const key = ring?.find(text);
    return key?.expiresAt !== undefined && Date.parse(key.expiresAt) <= now() ? undefined : key;
  }
}
