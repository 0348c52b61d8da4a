// What the setup scripts share: how they speak, run commands and fail.
import { spawnSync } from 'node:child_process';

/** A failure whose message tells what to do; printed without a stack. */
export class SetupError extends Error {}

/** Writes lines that begin with the script's name, as in "setup:training". */
export const speaker = (name) => (text) => process.stderr.write(`${name}: ${text}\n`);

/** Runs a command with its output on stderr; throws with the tail of what it printed. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20, ...options });
  if (result.error) throw new SetupError(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) {
    const tail = `${result.stdout}\n${result.stderr}`.trim().split('\n').slice(-25).join('\n');
    throw new SetupError(`"${command} ${args.join(' ')}" failed (exit ${result.status}):\n${tail}`);
  }
  return result.stdout;
}

/** Runs a script's steps; a SetupError is printed, and the process then ends with 1. */
export async function runSetup(say, steps) {
  try {
    await steps();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
