// A library that was tried once need not be tried at every start: what a probe told is kept for as long as the file, the
// processor and this program are the same.
import { readFile, stat } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { sha256OfBytes, writeFileAtomic } from '../files/index.js';
import type { probeEngine } from './probe-engine.js';
import type { ProbeAnswer } from './probe-question.js';

/** `probe` with a memory in `folder` for libraries that worked. One that cannot be read or written is none. */
export function keptProbe(folder: string, probe: typeof probeEngine): typeof probeEngine {
  return async (question) => {
    if (question.library === undefined) return probe(question);
    const file = await stat(question.library).catch(() => undefined);
    const circumstances = [question, file?.size, file?.mtimeMs, cpus()[0]?.model, release(), process.version];
    const path = join(folder, `${sha256OfBytes(JSON.stringify(circumstances))}.json`);
    const known = await readFile(path, 'utf8').catch(() => undefined);
    const answer = known === undefined ? undefined : parsed(known);
    if (answer) return answer;
    const outcome = await probe(question);
    if (!('failed' in outcome)) await writeFileAtomic(path, JSON.stringify(outcome)).catch(() => {});
    return outcome;
  };
}

function parsed(text: string): ProbeAnswer | undefined {
  try {
    const { version, capabilities } = JSON.parse(text) as Partial<ProbeAnswer>;
    if (typeof version === 'string' && Array.isArray(capabilities)) return { version, capabilities };
  } catch {
    // Not whole: it is asked again.
  }
  return undefined;
}
