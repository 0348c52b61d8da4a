// What the process that tries an engine is asked, and what it answers.
import type { EngineKind } from './choice.js';

/** Before what the probe prints: libraries print too. */
export const PROBE_MARK = 'skyfix-probe:';

export interface ProbeQuestion {
  readonly kind: EngineKind;
  /** OpenVINO's C library. */
  readonly library?: string | undefined;
}

/** What a probe that worked tells. */
export interface ProbeAnswer {
  readonly version: string;
  /** What the library computes in, in its own words; empty where it does not say. */
  readonly capabilities: readonly string[];
}

export type ProbeOutcome = ProbeAnswer | { readonly failed: string };
