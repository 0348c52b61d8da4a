// Which parts of a region answer right now, and how often parts died and came back.
import { SkyfixError } from '../errors/index.js';
import type { LifeEvents, PartState } from '../threads/index.js';
import type { LoadedRegion } from './loaded-region.js';

/** What a region stands on and what may end by itself. */
export const REGION_PARTS = ['generator', 'encoder', 'index'] as const;
export type RegionPart = (typeof REGION_PARTS)[number];

export interface RegionHealth {
  readonly region: string;
  /** Whether a request to it can be answered now. */
  readonly ready: boolean;
  /** The parts that cannot; they are being opened again. */
  readonly recovering: readonly RegionPart[];
  /** Which parts, and why where that is known; null where it is ready. */
  readonly reason: string | null;
}

type Stateful = { readonly state: PartState; readonly trouble?: string | undefined };

/** The state of each part at this moment. */
export function healthOf({
  name,
  networks,
  version,
}: Pick<LoadedRegion, 'name'> & {
  readonly networks: { readonly generator?: Stateful; readonly encoder: Stateful };
  readonly version: { readonly index: Stateful };
}): RegionHealth {
  const parts = { generator: networks.generator, encoder: networks.encoder, index: version.index };
  const recovering = REGION_PARTS.filter((part) => (parts[part]?.state ?? 'ready') !== 'ready');
  const ready = recovering.length === 0;
  return {
    region: name,
    ready,
    recovering,
    reason: ready ? null : reasonOf(recovering, version.index.trouble),
  };
}

/** "index being opened again (http://w1:8080: no answer within 2000 ms)" */
function reasonOf(recovering: readonly RegionPart[], trouble: string | undefined): string {
  const why = trouble && recovering.includes('index') ? ` (${trouble.replace(/[.]+$/, '')})` : '';
  return `${recovering.join(', ')} being opened again${why}`;
}

/** The error for whoever asks a region that is not ready. */
export function recoveringError({ region, recovering, reason }: RegionHealth): SkyfixError {
  return new SkyfixError(
    'RECOVERING',
    `Region ${region} waits for its ${recovering.join(' and ')}: ${reason}.`,
  );
}

export interface PartLives {
  readonly part: RegionPart;
  /** Ends that nobody asked for, failed attempts to open it again included. */
  readonly deaths: number;
  readonly restarts: number;
}

/** Hears of every part of a service and counts. */
export class LifeBook {
  readonly #deaths = new Map<RegionPart, number>();
  readonly #restarts = new Map<RegionPart, number>();
  readonly #onEvent: ((part: RegionPart, death?: Error) => void) | undefined;

  /** `onEvent` is told of each death, and without one of each recovery. */
  constructor(onEvent?: (part: RegionPart, death?: Error) => void) {
    this.#onEvent = onEvent;
  }

  /** What a part reports to. */
  eventsOf(part: RegionPart): LifeEvents {
    const add = (counts: Map<RegionPart, number>) => counts.set(part, (counts.get(part) ?? 0) + 1);
    return {
      onDeath: (death) => {
        add(this.#deaths);
        this.#onEvent?.(part, death);
      },
      onRecovered: () => {
        add(this.#restarts);
        this.#onEvent?.(part);
      },
    };
  }

  /** Since the service began, every part named. */
  get lives(): readonly PartLives[] {
    return REGION_PARTS.map((part) => ({
      part,
      deaths: this.#deaths.get(part) ?? 0,
      restarts: this.#restarts.get(part) ?? 0,
    }));
  }
}
