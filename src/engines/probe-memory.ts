// A library that was tried once need not be tried at every start: what a probe told is kept for as long as the file, the
// processor and this program are the same.
import { stat } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { KeptRecord } from './kept-record.js';
import type { probeEngine } from './probe-engine.js';
import type { ProbeAnswer } from './probe-question.js';

/** `probe` with a memory in `folder` for libraries that worked. One that cannot be read or written is none. */
export function keptProbe(folder: string, probe: typeof probeEngine): typeof probeEngine {
  return async (question) => {
    if (question.library === undefined) return probe(question);
    const file = await stat(question.library).catch(() => undefined);
    const circumstances = [question, file?.size, file?.mtimeMs, cpus()[0]?.model, release(), process.version];
    const record = new KeptRecord(folder, circumstances);
    const known = await record.read(answerOf);
    if (known) return known;
    const outcome = await probe(question);
    if (!('failed' in outcome)) await record.write(outcome);
    return outcome;
  };
}

function answerOf(value: unknown): ProbeAnswer | undefined {
  const { version, capabilities } = value as Partial<ProbeAnswer>;
  return typeof version === 'string' && Array.isArray(capabilities) ? { version, capabilities } : undefined;
}
