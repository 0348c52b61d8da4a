// What the routes need from the rest of the house. Tests hand in small ones.
import type { Socket } from 'node:net';
import type { Config } from '../../config/index.js';
import type { LocateAnswer, LocateOptions } from '../../locate/index.js';
import type { RegionLease, RegionService } from '../../regions/index.js';
import type { Traces } from '../../traces/index.js';
import type { Access } from './access.js';
import type { Admission } from './admission.js';
import type { Metrics } from './metrics.js';
import type { RefusalPace } from './refusal-pace.js';
import type { UploadGate } from './upload-gate.js';
import type { WorkQueue } from './work-queue.js';

/** The part of RegionService that serving uses. */
export type Regions = Pick<
  RegionService,
  'ready' | 'checkReady' | 'health' | 'partLives' | 'acquire' | 'reload' | 'summaries' | 'mapOf'
>;

/** locate() of the locate room. */
export type Locate = (
  region: RegionLease['region'],
  upload: Uint8Array,
  options: LocateOptions,
) => Promise<LocateAnswer>;

/** The part of the configuration that serving uses. */
export type HttpConfig = Omit<
  Config,
  | 'host'
  | 'port'
  | 'dataDir'
  | 'threads'
  | 'stopTimeoutMs'
  | 'minRecall'
  | 'canaries'
  | 'keysFile'
  | 'tracesUrl'
  | 'tracesShare'
  | 'canariesEveryS'
  | 'logLevel'
>;

export interface HttpServices {
  readonly config: HttpConfig;
  readonly regions: Regions;
  readonly locate: Locate;
  readonly access: Access;
  readonly admission: Admission;
  readonly uploads: UploadGate;
  readonly queue: WorkQueue;
  readonly refusals: RefusalPace;
  readonly metrics: Metrics;
  readonly traces: Traces;
  /** Says that a request waits for its client (see ConnectionGuard). */
  readonly waiting: (socket: Socket) => { end(): void };
  /** True from the moment a stop begins. */
  readonly stopping: () => boolean;
  /** Where the built page lies, if not beside the compiled code. */
  readonly pageFolder?: string | undefined;
}
