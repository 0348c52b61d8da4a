// npm run fuzz: a schema-driven fuzzer (schemathesis, from PyPI, in its own folder under var/) against a server with a
// region in miniature. FUZZ_EXAMPLES (default 100) a parameter set, FUZZ_SEED (default 1). Needs python3 with venv.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VERSION = '4.32.5';
const VENV = join(ROOT, 'var', `schemathesis-${VERSION}`);
/** Also in schemathesis.toml; it opens a server on this machine that ends with this script. */
const API_KEY = 'correct-horse-battery';

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd: ROOT, ...options });
  if (error) throw error;
  return status ?? 1;
}

function installFuzzer() {
  const program = join(VENV, 'bin', 'schemathesis');
  if (existsSync(program)) return program;
  const failed =
    run('python3', ['-m', 'venv', VENV]) ||
    run(join(VENV, 'bin', 'pip'), ['install', '--quiet', `schemathesis==${VERSION}`]);
  if (failed)
    throw new Error(`schemathesis ${VERSION} cannot be installed: see above; python3 with venv is needed.`);
  return program;
}

async function startServer() {
  const env = { ...process.env, SKYFIX_API_KEYS: API_KEY, HOST: '127.0.0.1' };
  const child = spawn(process.execPath, [join(ROOT, 'dist/test/fuzz/server.js')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('http://')) return { child, url: line };
    process.stderr.write(`${line}\n`);
  }
  throw new Error('The server ended before it was ready; was it built (npm run build)?');
}

const program = installFuzzer();
const { child, url } = await startServer();
child.stdout.on('data', (data) => process.stderr.write(data));
const args = [
  '--config-file',
  join(ROOT, 'test/fuzz/schemathesis.toml'),
  'run',
  join(ROOT, 'openapi.yaml'),
  '--url',
  url,
];
const fuzzer = spawn(
  program,
  [...args, '--max-examples', process.env.FUZZ_EXAMPLES ?? '100', '--seed', process.env.FUZZ_SEED ?? '1'],
  {
    stdio: 'inherit',
    // It keeps a folder of its own where it runs.
    cwd: join(ROOT, 'var'),
    env: { ...process.env, SCHEMATHESIS_HOOKS: 'panorama_hooks', PYTHONPATH: join(ROOT, 'test/fuzz') },
  },
);
const [code] = await new Promise((resolve) => fuzzer.once('exit', (...result) => resolve(result)));
const metrics = await fetch(`${url}/metrics`).then(
  (response) => response.text(),
  () => '',
);
const alive = metrics !== '';
process.stdout.write(
  `Answers of /locate:\n${metrics.match(/^skyfix_requests_total\{route="\/locate".*$/gm)?.join('\n')}\n`,
);
const ended = new Promise((resolve) => child.once('exit', resolve));
child.kill('SIGTERM');
await ended;
if (!alive) process.stderr.write('The server did not survive.\n');
process.exitCode = alive ? (code ?? 1) : 1;
