// Traces by the OpenTelemetry SDK, sent as OTLP over HTTP. Attributes follow OpenTelemetry's semantic conventions for HTTP;
// those of our own begin with skyfix.
import { ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base';
import type { RequestFacts, Trace, TraceEnd, Traces } from './traces.js';

/** A collector that does not answer holds nobody up for longer. */
const SEND_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 1_000;

const propagator = new W3CTraceContextPropagator();
const headers = {
  get: (carrier: RequestFacts['headers'], key: string) => carrier[key],
  keys: (carrier: RequestFacts['headers']) => Object.keys(carrier),
};

export class OtlpTraces implements Traces {
  readonly #provider: BasicTracerProvider;

  constructor(url: string, share: number) {
    const exporter = new OTLPTraceExporter({ url, timeoutMillis: SEND_TIMEOUT_MS });
    this.#provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ 'service.name': process.env.OTEL_SERVICE_NAME || 'skyfix' }),
      // Who calls decides; only of the others a share is drawn.
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
      spanProcessors: [new BatchSpanProcessor(exporter)],
    });
  }

  begin({ method, route, requestId, headers: carrier }: RequestFacts): Trace {
    const tracer = this.#provider.getTracer('skyfix');
    const parent = propagator.extract(ROOT_CONTEXT, carrier, headers);
    const attributes = { 'http.request.method': method, 'http.route': route, 'skyfix.request_id': requestId };
    const span = tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, parent);
    if (!span.isRecording()) return { id: undefined, step: () => {}, end: () => span.end() };
    const inside = trace.setSpan(ROOT_CONTEXT, span);
    return {
      id: span.spanContext().traceId,
      step: (name, ms, ok) => {
        const endedAt = Date.now();
        const step = tracer.startSpan(name, { startTime: endedAt - ms }, inside);
        if (!ok) step.setStatus({ code: SpanStatusCode.ERROR });
        step.end(endedAt);
      },
      end: (how) => endSpan(span, how),
    };
  }

  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    });
    // What cannot be sent is lost, and nobody's fault here.
    await Promise.race([this.#provider.shutdown().catch(() => {}), late]);
    clearTimeout(timer);
  }
}

function endSpan(span: Span, { status, code, facts }: TraceEnd): void {
  if (/^\d+$/.test(status)) span.setAttribute('http.response.status_code', Number(status));
  // A client that left, or a fault of the server; errors of the client are no errors of this span.
  if (code !== undefined) span.setAttribute('error.type', code);
  if (status >= '500') span.setStatus({ code: SpanStatusCode.ERROR });
  for (const [name, value] of Object.entries(facts)) {
    if (value !== undefined) span.setAttribute(`skyfix.${name}`, value);
  }
  span.end();
}
