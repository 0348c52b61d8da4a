// A region service without networks and indexes, for tests of what HTTP adds.
import { type Config, loadConfig } from '../../src/config/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import type { Regions } from '../../src/http/index.js';
import type { LocateAnswer } from '../../src/locate/index.js';
import {
  type LoadedRegion,
  type PartLives,
  REGION_PARTS,
  type RegionHealth,
  type RegionLease,
  type RegionMap,
  type RegionPart,
  type RegionSummary,
} from '../../src/regions/index.js';

/** Silent, on a free port. */
export function testConfig(env: Readonly<Record<string, string>> = {}): Config {
  return loadConfig({ LOG_LEVEL: 'silent', PORT: '0', ...env });
}

export function summaryOf(region: string): RegionSummary {
  return {
    region,
    default: true,
    ready: true,
    reason: null,
    bundle: 'tiny@1',
    indexVersion: '20260101T000000Z-00000001',
    tiles: 20,
    dimensions: 192,
    tileSizeM: 16,
    strideM: null,
    bounds: [10, 50, 10.01, 50.01],
    recall: { at1: 1, at10: 1, queries: 20 },
    basemap: null,
    engines: {
      generator: null,
      encoder: { name: 'onnxruntime-node 1.0.0 cpu', precision: 'f32', timings: [] },
      whole: null,
      notes: [],
    },
    loadedAt: '2026-01-01T00:00:00.000Z',
  };
}

export function answerOf(region: string): LocateAnswer {
  return {
    region,
    bundle: 'tiny@1',
    indexVersion: '20260101T000000Z-00000001',
    heading: { deg: 12.5, source: 'metadata' },
    cameraHeightsM: [2],
    verdict: 'located',
    reason: 'The best place has a probability of 97 %. The next place, 412 m away, has 1 %.',
    confidence: { source: 'bundle', insideProbability: 0.99, gap: 0.125, agreement: 0.25 },
    results: [
      {
        rank: 1,
        tile: 'place-1',
        lon: 10.001,
        lat: 50.002,
        score: 0.75,
        probability: 0.97,
        radiusM: { p68: 3, p95: 9.5 },
        distanceM: 4.5,
      },
    ],
    timingsMs: { decode: 6, bev: 3, generate: 40, embed: 8, search: 1, total: 58 },
    warnings: ['The heading was assumed.'],
  };
}

/** Serves the region "demo"; counts its leases. */
export class FakeRegions implements Regions {
  ready = true;
  leases = 0;
  /** Thrown by the next reload. */
  refusal: SkyfixError | undefined;

  acquire(name = 'demo'): RegionLease {
    if (name !== 'demo') throw new SkyfixError('REGION_UNKNOWN', `There is no region "${name}".`);
    this.leases++;
    return { region: { name } as LoadedRegion, release: () => this.leases-- };
  }

  async reload(name: string): Promise<RegionSummary> {
    if (this.refusal) throw this.refusal;
    if (name !== 'demo') throw new SkyfixError('REGION_UNKNOWN', `There is no region "${name}".`);
    return summaryOf(name);
  }

  summaries(): readonly RegionSummary[] {
    return [summaryOf('demo')];
  }

  mapOf(name: string): RegionMap {
    if (name !== 'demo') throw new SkyfixError('REGION_UNKNOWN', `There is no region "${name}".`);
    const ring = [
      [10, 50],
      [10.01, 50],
      [10.01, 50.01],
      [10, 50],
    ] as const;
    return {
      summary: summaryOf(name),
      outline: { type: 'MultiPolygon', coordinates: [[ring]] },
      basemap: undefined,
    };
  }

  /** Parts that are being opened again. */
  recovering: readonly RegionPart[] = [];
  partLives: readonly PartLives[] = REGION_PARTS.map((part) => ({ part, deaths: 0, restarts: 0 }));

  checkReady(): void {
    if (!this.ready) throw new SkyfixError('NOT_READY', 'No region is loaded.');
    if (this.recovering.length > 0) throw new SkyfixError('RECOVERING', 'Region demo waits for its parts.');
  }

  health(): readonly RegionHealth[] {
    const ready = this.recovering.length === 0;
    const reason = ready ? null : `${this.recovering.join(', ')} being opened again`;
    return [{ region: 'demo', ready, recovering: this.recovering, reason }];
  }
}

/** A promise and the two ways to settle it. */
export function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
