// The words of tracing, so that nothing else has to know OpenTelemetry; and tracing that is off.

export interface RequestFacts {
  readonly method: string;
  /** The pattern, not the path. */
  readonly route: string;
  readonly requestId: string;
  /** W3C Trace Context: traceparent and tracestate, as the request has them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface TraceEnd {
  /** HTTP status, or "aborted" where the client left. */
  readonly status: string;
  /** Of the error table. */
  readonly code?: string | undefined;
  readonly facts: Readonly<Record<string, string | number | undefined>>;
}

/** Of one request. */
export interface Trace {
  /** Lower-case hex, as logs have it; undefined where this request is not kept. */
  readonly id: string | undefined;
  /** A step that has just ended. */
  step(name: string, ms: number, ok: boolean): void;
  /** Once. */
  end(how: TraceEnd): void;
}

export interface Traces {
  begin(request: RequestFacts): Trace;
  /** Sends what is left, for a moment. */
  close(): Promise<void>;
}

const NO_TRACE: Trace = { id: undefined, step: () => {}, end: () => {} };

export const NO_TRACES: Traces = { begin: () => NO_TRACE, close: async () => {} };
