// What the Dockerfile builds, by its own steps in a folder: the README's commands run there for any user, without npm's
// cache, without a compiler, and nothing is written. A tree of hard links stands for the copies that Docker makes.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

const ROOT = join(import.meta.dirname, '../../..');
const SHIPPED = ['package.json', 'openapi.yaml', 'bin', 'dist', 'models', 'demo', 'scripts'];

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(file: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(file, args, { cwd, env, maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ status, stdout, stderr });
    });
  });
}

/** Every file below dist/ with the time at which it was written. */
async function writtenIn(dir: string): Promise<string[]> {
  const names = (await readdir(dir, { recursive: true })).sort();
  return Promise.all(names.map(async (name) => `${name} ${(await stat(join(dir, name))).mtimeMs}`));
}

describe('an installation as the Dockerfile makes it', () => {
  let root: string;
  let app: string;
  /** As whom and how a stranger runs something there: no home, nothing writable. */
  const stranger = (command: string, ...args: string[]): Promise<Outcome> => {
    const as =
      process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
    const [file = '', ...rest] = [...as, command, ...args];
    const env = { PATH: process.env.PATH, HOME: '/nonexistent', TMPDIR: join(root, 'tmp') };
    return run(file, rest, app, env);
  };

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'skyfix-install-'));
    app = join(root, 'app');
    await mkdir(app);
    await mkdir(join(root, 'tmp'));
    await chmod(root, 0o755);
    await chmod(join(root, 'tmp'), 0o1777);
    for (const name of SHIPPED) await cp(join(ROOT, name), join(app, name), { recursive: true });
    const linked = spawnSync('cp', ['-al', join(ROOT, 'node_modules'), join(app, 'node_modules')]);
    if (linked.status !== 0) {
      await rm(join(app, 'node_modules'), { recursive: true, force: true });
      await cp(join(ROOT, 'node_modules'), join(app, 'node_modules'), {
        recursive: true,
        verbatimSymlinks: true,
      });
    }
    // npm prune --omit=dev: at least the compiler is gone.
    await rm(join(app, 'node_modules/typescript'), { recursive: true, force: true });
    await rm(join(app, 'node_modules/.bin/skyfix'), { force: true });
    const installed = await run(process.execPath, ['scripts/after-install.mjs'], app, process.env);
    assert.equal(installed.status, 0, installed.stderr);
    const locked = spawnSync('chmod', ['a-w', app, join(app, 'dist'), join(app, 'bin')]);
    assert.equal(locked.status, 0);
  });
  after(async () => {
    spawnSync('chmod', ['-R', 'u+w', app]);
    await rm(root, { recursive: true, force: true });
  });

  test('package.json names no command and no script that would make npx install or compile', async () => {
    const { bin, scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      bin?: unknown;
      scripts: Record<string, string>;
    };
    assert.equal(bin, undefined);
    assert.equal(scripts.prepare, undefined);
  });

  test("the README's commands answer for a user who owns nothing, and write nothing", async () => {
    const before = await writtenIn(join(app, 'dist'));
    for (const command of [['npx', 'skyfix'], ['bin/skyfix.js'], ['node', 'bin/skyfix.js']]) {
      const [file = '', ...args] = command;
      const { status, stdout, stderr } = await stranger(file, ...args, '--version');
      assert.equal(status, 0, `${command.join(' ')}: ${stderr}`);
      assert.match(stdout, /^\d+\.\d+\.\d+\n$/, command.join(' '));
      assert.doesNotMatch(stderr, /error|EACCES|tsc/i);
    }
    const located = await stranger(
      'npx',
      'skyfix',
      'locate',
      'demo/panoramas/p00020.jpg',
      '--top',
      '1',
      '--csv',
    );
    assert.equal(located.status, 0, located.stderr);
    assert.match(located.stdout, /p00020\.jpg,1,/);
    assert.deepEqual(await writtenIn(join(app, 'dist')), before);
    assert.deepEqual((await readdir(app)).sort(), ['node_modules', ...SHIPPED].sort());
    const left = (await readdir(join(root, 'tmp'))).filter((name) => name.startsWith('skyfix'));
    assert.deepEqual(left, []);
  });

  test('after npm ci --omit=dev, without a compiler: says what is missing, and fails nothing', async () => {
    const bare = join(root, 'bare');
    await mkdir(join(bare, 'node_modules'), { recursive: true });
    for (const name of ['package.json', 'bin', 'scripts', 'tsconfig.json', 'src'])
      await cp(join(ROOT, name), join(bare, name), { recursive: true });
    const installed = await run(process.execPath, ['scripts/after-install.mjs'], bare, process.env);
    assert.equal(installed.status, 0);
    assert.match(installed.stderr, /TypeScript is not installed: run "npm ci"/);
    const asked = await run(join(bare, 'node_modules/.bin/skyfix'), ['--version'], bare, process.env);
    assert.equal(asked.status, 1);
    assert.match(asked.stderr, /not compiled: run "npm ci"/);
  });

  test('compiles once, beside the old dist/, and again only where a source or something in dist/ changed', async () => {
    const small = join(root, 'small');
    await mkdir(join(small, 'node_modules/typescript/bin'), { recursive: true });
    await mkdir(join(small, 'src'));
    await cp(join(ROOT, 'scripts'), join(small, 'scripts'), { recursive: true });
    // A compiler that writes one file, and counts.
    const compiler =
      "const fs=require('fs');const out=process.argv[process.argv.indexOf('--outDir')+1];" +
      "fs.mkdirSync(out);fs.writeFileSync(out+'/a.js','');fs.appendFileSync('runs','x');" +
      "process.exit(fs.existsSync('broken')?2:0)";
    await writeFile(join(small, 'node_modules/typescript/bin/tsc'), compiler);
    await writeFile(join(small, 'node_modules/typescript/package.json'), '{"type":"commonjs"}');
    await writeFile(join(small, 'tsconfig.json'), '{"include":["src"]}');
    await writeFile(join(small, 'src/a.ts'), '1');
    const install = () => run(process.execPath, ['scripts/after-install.mjs'], small, process.env);
    const runs = () => readFile(join(small, 'runs'), 'utf8');
    assert.equal((await install()).status, 0);
    assert.equal((await install()).status, 0);
    assert.equal(await runs(), 'x');
    await writeFile(join(small, 'src/a.ts'), '2');
    await install();
    assert.equal(await runs(), 'xx');
    await writeFile(join(small, 'dist/b.js'), 'by hand');
    await install();
    assert.equal(await runs(), 'xxx');
    assert.equal(existsSync(join(small, 'dist/b.js')), false);
    await copyFile(join(small, 'src/a.ts'), join(small, 'broken'));
    await writeFile(join(small, 'src/a.ts'), '3');
    assert.equal((await install()).status, 2);
    assert.equal(existsSync(join(small, 'dist/a.js')), true, 'the old one stays');
    const left = (await readdir(small)).filter((name) => name.endsWith('.tmp'));
    assert.deepEqual(left, []);
  });
});
