// What the steps of setup:training share.
import { spawnSync } from 'node:child_process';

/** A failure whose message tells what to do; printed without a stack. */
export class SetupError extends Error {}

export const say = (text) => process.stderr.write(`setup:training: ${text}\n`);

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
