// What an operator can watch: requests, steps, uploads, queue, regions and the process, all named skyfix_*.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CanaryReport } from '../../canaries/index.js';
import type { LocateAnswer, StepOutcome, Verdict } from '../../locate/index.js';
import { HEADING_SOURCES, STEPS, VERDICTS } from '../../locate/index.js';
import type { PartLives, RegionSummary } from '../../regions/index.js';
import type { Admission } from './admission.js';
import { registerProcessMetrics } from './process-metrics.js';
import type { RefusalPace } from './refusal-pace.js';
import type { UploadGate } from './upload-gate.js';
import type { WorkQueue } from './work-queue.js';

/** Seconds; close together around the budget of 0.18 s. */
const LATENCY_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.14, 0.18, 0.22, 0.3, 0.5, 1, 2.5, 5, 10, 30,
];

/** Shares; close together where answers begin to be believed. */
const PROBABILITY_BUCKETS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];
/** Differences of scores. */
const GAP_BUCKETS = [0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5];

export interface Metrics {
  /** The exposition text and its media type. */
  render(): Promise<{ readonly text: string; readonly mediaType: string }>;
  requestDone(request: { route: string; method: string; status: string; seconds: number }): void;
  /** The wait between the end of an upload and the beginning of the work. */
  waited(seconds: number): void;
  located(answer: LocateAnswer): void;
  /** Work that ended in an error, or for a client that has gone: its steps as far as it came. */
  notLocated(steps: readonly StepOutcome[]): void;
  /** So many sequences are being uploaded or located. */
  sequencesUnderWay(count: number): void;
  sequenceLocated(verdict: Verdict): void;
  /** One panorama of a sequence. */
  frameDone(outcome: 'ok' | 'failed'): void;
  /** One error answered, by its code. */
  errorAnswered(code: string): void;
  reloaded(region: string, outcome: 'ok' | 'refused'): void;
  /** A request of a key was answered. */
  keyUsed(key: string, status: string): void;
  /** The keys file was read again. */
  keysRead(outcome: 'ok' | 'refused'): void;
}

/** What the gauges read when they are scraped. */
export interface MetricSources {
  readonly queue: WorkQueue;
  readonly admission: Admission;
  readonly uploads: UploadGate;
  readonly refusals: RefusalPace;
  /** Open connections. */
  readonly connections: () => number;
  readonly ready: () => boolean;
  readonly regions: () => readonly RegionSummary[];
  /** Deaths and recoveries of networks and indexes. */
  readonly partLives: () => readonly PartLives[];
  /** How many keys the keys file has; undefined without one. */
  readonly keys?: () => number | undefined;
  /** What the last round of canaries told; undefined without one. */
  readonly canaries?: () => CanaryReport | undefined;
}

/** A registry of its own for each app, so that several can live in one process. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'skyfix_' });
  registerProcessMetrics(registry);
  const requests = new Counter({
    name: 'skyfix_requests_total',
    help: 'Requests answered; status "aborted" where the client left first.',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'skyfix_request_duration_seconds',
    help: 'Time from the header of a request to the end of its answer.',
    labelNames: ['route', 'status'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  durations.zero({ route: '/locate', status: '200' });
  const steps = new Histogram({
    name: 'skyfix_stage_duration_seconds',
    help: 'Time of one step of locating; "total" is all of them. Outcome "failed": the step that failed, and its total.',
    labelNames: ['stage', 'outcome'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  for (const stage of [...STEPS, 'total']) {
    for (const outcome of ['ok', 'failed']) steps.zero({ stage, outcome });
  }
  const waits = new Histogram({
    name: 'skyfix_queue_wait_seconds',
    help: 'Time between the end of an upload and the beginning of the work.',
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const errors = new Counter({
    name: 'skyfix_errors_total',
    help: 'Errors answered, by code; also those of what never became a request.',
    labelNames: ['code'],
    registers,
  });
  for (const code of ERRORS_FROM_THE_START) errors.inc({ code }, 0);
  const reloads = new Counter({
    name: 'skyfix_region_reloads_total',
    help: 'Reloads by request or SIGHUP; "refused" left the old version serving.',
    labelNames: ['region', 'outcome'],
    registers,
  });
  for (const { region } of sources.regions()) reloads.inc({ region, outcome: 'refused' }, 0);
  const headings = new Counter({
    name: 'skyfix_headings_total',
    help: 'Panoramas located, by who said where the camera looked; "estimated": nobody did.',
    labelNames: ['source'],
    registers,
  });
  for (const source of HEADING_SOURCES) headings.inc({ source }, 0);
  const worth = registerWorth(registry);
  const keys = registerKeys(registry, sources);
  const sequences = registerSequences(registry);
  registerGauges(registry, sources);
  registerCanaries(registry, sources);
  registerLives(registry, sources);
  return {
    render: async () => ({ text: await registry.metrics(), mediaType: registry.contentType }),
    requestDone: ({ route, method, status, seconds }) => {
      requests.inc({ route, method, status });
      durations.observe({ route, status }, seconds);
    },
    waited: (seconds) => waits.observe(seconds),
    located: (answer) => {
      const { timingsMs, heading } = answer;
      worth(answer);
      headings.inc({ source: heading.source });
      for (const [stage, ms] of Object.entries(timingsMs)) {
        // Of a step that was not taken there is no duration.
        if (ms > 0) steps.observe({ stage, outcome: 'ok' }, ms / 1000);
      }
    },
    notLocated: (done) => {
      for (const { step, ms, ok } of done) {
        steps.observe({ stage: step, outcome: ok ? 'ok' : 'failed' }, ms / 1000);
      }
      const total = done.reduce((sum, { ms }) => sum + ms, 0);
      if (done.length > 0) steps.observe({ stage: 'total', outcome: 'failed' }, total / 1000);
    },
    ...sequences,
    errorAnswered: (code) => errors.inc({ code }),
    reloaded: (region, outcome) => reloads.inc({ region, outcome }),
    ...keys,
  };
}

function registerKeys(registry: Registry, { keys }: MetricSources): Pick<Metrics, 'keyUsed' | 'keysRead'> {
  const registers = [registry];
  const requests = new Counter({
    name: 'skyfix_key_requests_total',
    help: 'Requests answered, by the name of their key.',
    labelNames: ['key', 'status'],
    registers,
  });
  const reads = new Counter({
    name: 'skyfix_keys_reads_total',
    help: 'The keys file was read again; "refused" left the old keys.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of ['ok', 'refused']) reads.inc({ outcome }, 0);
  new Gauge({
    name: 'skyfix_keys',
    help: 'Keys in the keys file; 0 without one.',
    registers,
    collect() {
      this.set(keys?.() ?? 0);
    },
  });
  return {
    keyUsed: (key, status) => requests.inc({ key, status }),
    keysRead: (outcome) => reads.inc({ outcome }),
  };
}

/** Present with 0 before the first one, so that its increase is seen. */
const ERRORS_FROM_THE_START = [
  'QUEUE_FULL',
  'UPLOADS_FULL',
  'ADDRESS_BUSY',
  'KEY_BUSY',
  'RATE_LIMITED',
  'UNAUTHORIZED',
  'CONNECTIONS_FULL',
  'REQUEST_TIMEOUT',
  'REQUEST_TOO_SLOW',
  'REQUEST_MALFORMED',
  'INTERNAL',
];

function registerGauges(registry: Registry, sources: MetricSources): void {
  const { queue, admission, uploads, refusals, connections, ready, regions } = sources;
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge('skyfix_ready', '1 when the server takes requests, else 0.', () => Number(ready()));
  gauge('skyfix_connections', 'Open connections.', connections);
  gauge('skyfix_uploads', 'Requests whose upload is under way.', () => uploads.reading);
  gauge('skyfix_uploads_capacity', 'Uploads that may be under way.', () => uploads.limits.uploads);
  gauge('skyfix_upload_memory_bytes', 'Uploaded bytes in memory.', () => uploads.bytes);
  gauge('skyfix_upload_memory_capacity_bytes', 'Uploaded bytes that may be in memory.', () => {
    return uploads.limits.memoryBytes;
  });
  gauge('skyfix_queue_depth', 'Uploaded requests that wait for their turn.', () => queue.depth);
  gauge('skyfix_queue_capacity', 'Requests that may wait.', () => queue.queueSize);
  gauge('skyfix_expected_wait_seconds', 'What a request that came now would wait for its turn.', () => {
    return admission.expectedWaitMs / 1000;
  });
  gauge('skyfix_refusals_waiting', 'Refusals that wait for their turn to be told.', () => refusals.waiting);
  gauge('skyfix_in_flight', 'Panoramas being located now.', () => queue.running);
  new Gauge({
    name: 'skyfix_service_time_seconds',
    help: 'What the work of one request is expected to take: a moving mean of the latest.',
    labelNames: ['region', 'heading'],
    registers,
    collect() {
      this.reset();
      for (const [region, ms] of admission.times.byRegion) this.set({ region, heading: 'known' }, ms / 1000);
      for (const [region, ms] of admission.searchTimes.byRegion)
        this.set({ region, heading: 'searched' }, ms / 1000);
    },
  });
  new Gauge({
    name: 'skyfix_region_info',
    help: 'Index and bundle version that a region serves; always 1.',
    labelNames: ['region', 'index_version', 'bundle'],
    registers,
    collect() {
      this.reset();
      for (const { region, indexVersion, bundle } of regions()) {
        this.set({ region, index_version: indexVersion, bundle }, 1);
      }
    },
  });
  new Gauge({
    name: 'skyfix_index_tiles',
    help: 'Tiles in the index of a region.',
    labelNames: ['region'],
    registers,
    collect() {
      this.reset();
      for (const { region, tiles } of regions()) this.set({ region }, tiles);
    },
  });
}

/** Counted by the regions; read when they are scraped. */
function registerLives(registry: Registry, { partLives }: MetricSources): void {
  const counter = (name: string, help: string, read: (lives: PartLives) => number) =>
    new Counter({
      name,
      help,
      labelNames: ['part'],
      registers: [registry],
      collect() {
        this.reset();
        for (const lives of partLives()) this.inc({ part: lives.part }, read(lives));
      },
    });
  counter(
    'skyfix_worker_deaths_total',
    'Networks and indexes that ended by themselves, and failed attempts to open one again.',
    ({ deaths }) => deaths,
  );
  counter(
    'skyfix_worker_restarts_total',
    'Networks and indexes that ended by themselves and are there again.',
    ({ restarts }) => restarts,
  );
}

/** What answers are worth: where it drifts, so do the images, the imagery or the bundle. */
function registerWorth(registry: Registry): (answer: LocateAnswer) => void {
  const registers = [registry];
  const probabilities = new Histogram({
    name: 'skyfix_answer_probability',
    help: 'Probability of the best place of each answer.',
    buckets: PROBABILITY_BUCKETS,
    registers,
  });
  const gaps = new Histogram({
    name: 'skyfix_answer_gap',
    help: "How far the best place's score lies above that of the next one more than 25 m away.",
    buckets: GAP_BUCKETS,
    registers,
  });
  const verdicts = new Counter({
    name: 'skyfix_verdicts_total',
    help: 'Answers by their verdict and by who said where the camera looked.',
    labelNames: ['verdict', 'heading_source'],
    registers,
  });
  for (const verdict of VERDICTS)
    for (const source of HEADING_SOURCES) verdicts.inc({ verdict, heading_source: source }, 0);
  return ({ results, verdict, heading, confidence }) => {
    verdicts.inc({ verdict, heading_source: heading.source });
    probabilities.observe(results[0]?.probability ?? 0);
    if (confidence.gap !== undefined) gaps.observe(confidence.gap);
  };
}

/** Panoramas of a sequence are counted as all others are; these say how many came so, and what came of the whole. */
function registerSequences(
  registry: Registry,
): Pick<Metrics, 'sequencesUnderWay' | 'sequenceLocated' | 'frameDone'> {
  const registers = [registry];
  const underWay = new Gauge({
    name: 'skyfix_sequences',
    help: 'Sequences whose upload or work is under way.',
    registers,
  });
  const verdicts = new Counter({
    name: 'skyfix_sequence_verdicts_total',
    help: 'Sequences located, by the verdict of the whole.',
    labelNames: ['verdict'],
    registers,
  });
  const frames = new Counter({
    name: 'skyfix_sequence_frames_total',
    help: 'Panoramas of sequences; "failed": it could not be located by itself.',
    labelNames: ['outcome'],
    registers,
  });
  for (const verdict of VERDICTS) verdicts.inc({ verdict }, 0);
  for (const outcome of ['ok', 'failed']) frames.inc({ outcome }, 0);
  return {
    sequencesUnderWay: (count) => underWay.set(count),
    sequenceLocated: (verdict) => verdicts.inc({ verdict }),
    frameDone: (outcome) => frames.inc({ outcome }),
  };
}

/** Without a value as long as no round has come to its end. */
function registerCanaries(registry: Registry, { canaries }: MetricSources): void {
  const gauge = (name: string, help: string, read: (report: CanaryReport) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const report = canaries?.();
        this.remove();
        if (report) this.set(read(report));
      },
    });
  gauge(
    'skyfix_canary_recall',
    'Share of the canaries located within 25 m in the last round.',
    ({ recall }) => recall,
  );
  gauge(
    'skyfix_canary_median_error_metres',
    'Median error of their first answers.',
    (report) => report.medianErrorM,
  );
  gauge(
    'skyfix_canary_failures',
    'Canaries of the last round that could not be answered.',
    ({ failed }) => failed,
  );
  gauge(
    'skyfix_canary_round_timestamp_seconds',
    'When the last round ended, Unix time.',
    ({ endedAt }) => endedAt,
  );
}
