// After an engine's setup: whether it computes here, tried as a server tries it. Without dist/ it is left to the server.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from './setup-steps.mjs';

const engines = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist/src/engines/index.js');

const SCRIPT = `
const { chooseEngine } = await import(process.argv[1]);
try {
  const [engine, openvinoDir] = process.argv.slice(2);
  const settings = { engine, precision: 'auto', ...(openvinoDir && { openvinoDir }) };
  const { description, precision, notes } = await chooseEngine(settings);
  console.log(JSON.stringify([description + ' computes here, in ' + precision, ...notes]));
} catch (error) {
  console.log(JSON.stringify({ failed: error.message }));
}
`;

/**
 * What is to be said of the engine, OpenVINO in its own folder or `openvinoDir`. Throws SetupError where it cannot be
 * used, with why.
 */
export function tryEngine(engine, openvinoDir = '') {
  if (!existsSync(engines)) return [];
  const args = ['--input-type=module', '-e', SCRIPT, engines, engine, openvinoDir];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const answer = JSON.parse(stdout.trim().split('\n').at(-1) || '{"failed":"it gives no answer"}');
  if (answer.failed) throw new SetupError(answer.failed);
  return answer;
}
