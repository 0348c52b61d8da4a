// Where the time of a request went, for tracing systems: a span a request and one a step. What writes them is loaded only
// where it is asked for.
export { NO_TRACES, type RequestFacts, type Trace, type TraceEnd, type Traces } from './traces.js';

import type { Traces } from './traces.js';

/**
 * Traces that go to an OTLP collector over HTTP (`url` is its /v1/traces); of requests whose caller did not decide, `share` are
 * kept. A collector that is away harms no request: what it does not take in time is dropped.
 */
export async function openTraces(url: string, share: number): Promise<Traces> {
  const { OtlpTraces } = await import('./otlp-traces.js');
  return new OtlpTraces(url, share);
}
