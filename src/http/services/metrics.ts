// What an operator can watch: requests, stages, queue, regions and the process, all named skyfix_*.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { LocateAnswer } from '../../locate/index.js';
import { STEPS } from '../../locate/index.js';
import type { PartLives, RegionSummary } from '../../regions/index.js';
import type { WorkQueue } from './work-queue.js';

/** Seconds; close together around the budget of 0.18 s. */
const LATENCY_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.14, 0.18, 0.22, 0.3, 0.5, 1, 2.5, 5, 10, 30,
];

export interface Metrics {
  /** The exposition text and its media type. */
  render(): Promise<{ readonly text: string; readonly mediaType: string }>;
  requestDone(request: { route: string; method: string; status: string; seconds: number }): void;
  located(answer: LocateAnswer): void;
  /** One error answered, by its code. */
  errorAnswered(code: string): void;
  reloaded(region: string, outcome: 'ok' | 'refused'): void;
}

/** What the gauges read when they are scraped. */
export interface MetricSources {
  readonly queue: WorkQueue;
  readonly ready: () => boolean;
  readonly regions: () => readonly RegionSummary[];
  /** Deaths and recoveries of networks and indexes. */
  readonly partLives: () => readonly PartLives[];
}

/** A registry of its own for each app, so that several can live in one process. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'skyfix_' });
  const requests = new Counter({
    name: 'skyfix_requests_total',
    help: 'Requests answered; status "aborted" where the client left first.',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'skyfix_request_duration_seconds',
    help: 'Time from the header of a request to the end of its answer.',
    labelNames: ['route'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const stages = new Histogram({
    name: 'skyfix_stage_duration_seconds',
    help: 'Time of one stage of locating; stage "total" is all of them.',
    labelNames: ['stage'],
    buckets: LATENCY_BUCKETS,
    registers,
  });
  for (const stage of [...STEPS, 'total']) stages.zero({ stage });
  const errors = new Counter({
    name: 'skyfix_errors_total',
    help: 'Errors answered, by code.',
    labelNames: ['code'],
    registers,
  });
  for (const code of ['QUEUE_FULL', 'REQUEST_TIMEOUT', 'INTERNAL']) errors.inc({ code }, 0);
  const reloads = new Counter({
    name: 'skyfix_region_reloads_total',
    help: 'Reloads asked for; "refused" left the old version serving.',
    labelNames: ['region', 'outcome'],
    registers,
  });
  for (const { region } of sources.regions()) reloads.inc({ region, outcome: 'refused' }, 0);
  registerGauges(registry, sources);
  registerLives(registry, sources);
  return {
    render: async () => ({ text: await registry.metrics(), mediaType: registry.contentType }),
    requestDone: ({ route, method, status, seconds }) => {
      requests.inc({ route, method, status });
      durations.observe({ route }, seconds);
    },
    located: ({ timingsMs }) => {
      for (const [stage, ms] of Object.entries(timingsMs)) stages.observe({ stage }, ms / 1000);
    },
    errorAnswered: (code) => errors.inc({ code }),
    reloaded: (region, outcome) => reloads.inc({ region, outcome }),
  };
}

function registerGauges(registry: Registry, { queue, ready, regions }: MetricSources): void {
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
  gauge('skyfix_queue_depth', 'Requests admitted that upload or wait for their turn.', () => queue.depth);
  gauge('skyfix_queue_capacity', 'Requests that may wait.', () => queue.queueSize);
  gauge('skyfix_in_flight', 'Panoramas being located now.', () => queue.running);
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
