// Bearer keys (RFC 6750, section 2.1) as a request carries them.
import type { FastifyRequest } from 'fastify';

/** Undefined where the request carries none, or something else. */
export function bearerKeyOf({ headers }: FastifyRequest): string | undefined {
  return /^Bearer +([\x21-\x7e]+) *$/i.exec(headers.authorization ?? '')?.[1];
}

/** Headers of proxies: who sends them is not the one whose address the connection has. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/** True where the request comes from this machine itself, and not through a proxy on it. */
export function isLocal({ ip, raw, headers }: FastifyRequest): boolean {
  return (
    [ip, raw.socket.remoteAddress].every((address) => LOOPBACK.test(address ?? '')) &&
    !FORWARDED.some((name) => name in headers)
  );
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
