// Reading a body by hand: its bytes are counted as they come, let go at once when it ends badly, and what is left of
// it after a refusal is read and forgotten, within bounds.
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { SkyfixError } from '../../errors/index.js';
import { type RateLimits, RateWatch } from './rate-watch.js';

/** All bytes of a stream. Rejects with the signal's reason or the stream's error; the chunks are dropped then. */
export function collect(stream: Readable, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    const onData = (chunk: Buffer) => chunks.push(chunk);
    const onEnd = () => {
      const whole = Buffer.concat(chunks);
      forget();
      resolve(whole);
    };
    const onError = (error: unknown) => {
      forget();
      reject(error);
    };
    const onClose = () => onError(new SkyfixError('REQUEST_ABORTED', 'The body broke off.'));
    const onAbort = () => onError(signal.reason);
    const forget = () => {
      chunks = [];
      stream.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
      signal.removeEventListener('abort', onAbort);
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    stream.on('data', onData).once('end', onEnd).once('error', onError).once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

export interface DrainLimits extends RateLimits {
  /** Of what is left; a little is always read. */
  readonly maxBytes: number;
}

/** Less is not worth a new connection. */
const LITTLE_BYTES = 1024 * 1024;

/**
 * Reads and forgets what is left of a body, so that the connection can carry the answer and the next request. More
 * than `maxBytes`, or slower than the rate: the connection is cut.
 */
export function drainRest({ raw }: FastifyRequest, limits: DrainLimits): void {
  raw.unpipe();
  if (raw.complete || raw.destroyed) {
    raw.resume();
    return;
  }
  let bytes = 0;
  const cut = () => {
    watch.stop();
    raw.destroy();
  };
  const watch = new RateWatch(limits, cut);
  raw.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    watch.add(chunk.byteLength);
    if (bytes > Math.max(limits.maxBytes, LITTLE_BYTES)) cut();
  });
  raw.once('end', () => watch.stop()).once('close', () => watch.stop());
  raw.resume();
}
