// The commands that README.md and docs/*.md show do what they say: each is checked against the command line's own
// help, and those that a visitor can run without data of his own are run.
import assert from 'node:assert/strict';
import { exec } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PACKAGE_ROOT } from '../../cli/index.js';
import { loadConfig } from '../../src/config/index.js';
import { type RunningServer, startServer } from '../../src/server.js';
import { runSkyfix } from '../support/run-cli.js';

interface Shown {
  readonly page: string;
  readonly block: boolean;
  readonly command: string;
}
const { commandsOf, faultOf, pages } = (await import(
  pathToFileURL(join(PACKAGE_ROOT, 'docs/commands.mjs')).href
)) as {
  commandsOf(page: string): Shown[];
  faultOf(command: string, program: string): string | undefined;
  pages(): string[];
};

const shown = pages().flatMap(commandsOf);

/** Commands of blocks that are not run here, and why. */
const NOT_RUN: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^npm (ci|start|test)$/, 'what continuous integration and the tests of the command line do'],
  [/^npm run (fuzz|soak|sbom|loadtest|bench|chaos|setup|demo|docs|build)/, 'minutes, or a tool of its own'],
  [/loadtest\/peer\/\.venv/, 'fetches hundreds of megabytes of Python packages'],
  [/skyfix-train /, 'checked by the tests of training'],
  [/\bdocker /, 'needs a container engine'],
  [/\bkubectl /, 'needs a cluster; test/ops holds the manifests'],
  [/^promtool /, 'run by test/ops where it is installed'],
  [/(?<!\$)\b[A-Z]{3,}_?[A-Z]*(?![=\w])|\b[ge]\.onnx/, "needs the reader's own files"],
];
const reasonNotToRun = (command: string) => NOT_RUN.find(([pattern]) => pattern.test(command))?.[1];

test('every command in the documentation exists, with its flags and files', () => {
  assert.ok(shown.length > 20, `only ${shown.length} commands were found`);
  const faults = shown.flatMap(({ page, command }) => {
    const fault = faultOf(command, 'skyfix');
    return fault ? [`${page}: ${command}: ${fault}`] : [];
  });
  assert.deepEqual(faults, []);
});

test('a command that does not exist is told', () => {
  assert.match(faultOf('npx skyfix lokate x.jpg', 'skyfix') ?? '', /no command lokate/);
  assert.match(faultOf('npx skyfix index build --bundel x', 'skyfix') ?? '', /knows no --bundel/);
  assert.match(faultOf('npm run nothing', 'skyfix') ?? '', /no script nothing/);
  assert.match(faultOf('curl -F image=@x demo/nothing.jpg', 'skyfix') ?? '', /does not exist/);
});

describe('commands of the documentation, run against a server with the demo region', () => {
  let folder: string;
  let server: RunningServer;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skyfix-docs-'));
    for (const name of ['bin', 'demo', 'models', 'ops', 'dist', 'openapi.yaml']) {
      await symlink(join(PACKAGE_ROOT, name), join(folder, name));
    }
    await mkdir(join(folder, 'var'));
    const data = join(folder, 'var/data');
    assert.equal((await runSkyfix(['demo', 'install', '--data', data])).status, 0);
    const env = {
      SKYFIX_DATA: data,
      PORT: '0',
      LOG_LEVEL: 'silent',
      SKYFIX_API_KEYS: 'a-key-of-the-documentation',
    };
    server = await startServer(loadConfig(env));
  });
  after(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });

  for (const { page, command } of shown.filter(({ block, command }) => block && !reasonNotToRun(command))) {
    test(`${page}: ${command}`, async () => {
      const local = command
        .replace(/http:\/\/127\.0\.0\.1:8080/g, server.url)
        .replace(/\bnpx skyfix\b/g, `"${process.execPath}" bin/skyfix.js`)
        .replace('$KEY', 'a-key-of-the-documentation');
      const env = { ...process.env, SKYFIX_DATA: join(folder, 'var/data') };
      const outcome = await new Promise<{ status: number; output: string }>((resolve) => {
        exec(local, { cwd: folder, env, maxBuffer: 1 << 24 }, (error, stdout, stderr) =>
          resolve({ status: error ? (error.code ?? -1) : 0, output: stdout + stderr }),
        );
      });
      assert.equal(outcome.status, 0, outcome.output);
      assert.doesNotMatch(outcome.output, /"code":"[A-Z_]+"/, 'the server answered with a problem');
    });
  }
});
