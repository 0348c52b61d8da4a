// Tries an engine in a process of its own: a library that is cut short, or made for another processor, may end the process
// that loads it, and this one shall serve.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors/index.js';
import { PROBE_MARK, type ProbeOutcome, type ProbeQuestion } from './probe-question.js';

/** Long beyond any start of a library; a GPU's may take some seconds. */
const PROBE_LIMIT_MS = 60_000;

/** Loads the engine and has it compute something small. Never rejects. */
export async function probeEngine(question: ProbeQuestion): Promise<ProbeOutcome> {
  // Made and removed here: a process that a library ends removes nothing.
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(tmpdir(), 'skyfix-probe-'));
    return await askProcess(question, folder);
  } catch (error) {
    return { failed: messageOf(error) };
  } finally {
    if (folder) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

function askProcess(question: ProbeQuestion, folder: string): Promise<ProbeOutcome> {
  const script = fileURLToPath(new URL('./probe-process.js', import.meta.url));
  const args = [script, JSON.stringify(question), folder];
  const options = { timeout: PROBE_LIMIT_MS, maxBuffer: 16 << 20 };
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      const line = stdout.split('\n').find((text) => text.startsWith(PROBE_MARK));
      // Where an answer came it worked, however the library then took leave.
      if (line) return resolve(explained(JSON.parse(line.slice(PROBE_MARK.length)) as ProbeOutcome, stderr));
      const last = stderr.trim().split('\n').at(-1) ?? '';
      if (error?.killed) return resolve({ failed: `it did not start within ${PROBE_LIMIT_MS / 1000} s` });
      const how = error?.signal ? `it crashes (${error.signal})` : `it ends with code ${error?.code ?? 0}`;
      resolve({ failed: last === '' ? how : `${how}: ${last}` });
    });
  });
}

/**
 * onnxruntime throws that a library cannot be loaded, and prints which one that one lacks; and it begins with the place in its
 * own source.
 */
function explained(outcome: ProbeOutcome, printed: string): ProbeOutcome {
  if (!('failed' in outcome)) return outcome;
  const failed = outcome.failed.replace(/^\/\S+:\d+ .* was false\. /, '');
  const [, lacking] = /with error: (?:\S+: )?(\S+: cannot open shared object file)/.exec(printed) ?? [];
  return { failed: lacking ? `${failed.trim()} (${lacking})` : failed };
}
