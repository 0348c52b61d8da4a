// Which engine runs: what was asked for, what is there, and what people are told.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { loadConfig } from '../../src/config/index.js';
import {
  chooseEngine,
  ENGINE_KINDS,
  type EngineSettings,
  findOpenVino,
  type Machine,
  OPENVINO_VERSION,
} from '../../src/engines/index.js';

const folder = await mkdtemp(join(tmpdir(), 'skyfix-choose-'));
after(() => rm(folder, { recursive: true }));
const installed = join(folder, 'installed');
await mkdir(installed);
await writeFile(join(installed, 'libopenvino_c.so.2641'), 'the probe is not real');

/** A machine where OpenVINO is installed and works, unless told. */
const machine = (parts: Partial<Machine> & { readonly flags?: readonly string[] } = {}): Machine => ({
  probe: async () => ({ version: OPENVINO_VERSION, capabilities: ['FP32', 'BF16'] }),
  openvinoFolders: [join(folder, 'not-there'), installed],
  compiledDir: join(folder, 'compiled'),
  cpuFlags: async () => parts.flags ?? ['avx2'],
  ...parts,
});
const bare = machine({ openvinoFolders: [join(folder, 'nowhere')] });
const settings = (given: Partial<EngineSettings>): EngineSettings => ({
  engine: 'auto',
  precision: 'auto',
  ...given,
});
const linux = { skip: process.platform === 'linux' ? false : 'the library has another name here' };

describe('the choice of an engine', linux, () => {
  test('the settings are those of the environment, and every kind can be asked for', () => {
    for (const engine of ['auto', ...ENGINE_KINDS]) {
      assert.equal(loadConfig({ SKYFIX_ENGINE: engine }).engine, engine);
    }
    assert.throws(() => loadConfig({ SKYFIX_ENGINE: 'tensorrt' }), { code: 'CONFIG_INVALID' });
    assert.throws(() => loadConfig({ SKYFIX_PRECISION: 'fp32' }), {
      code: 'CONFIG_INVALID',
      message: /f32, bf16/,
    });
  });

  test('auto takes OpenVINO where it works, else onnxruntime, and says what would be faster', async () => {
    const best = await chooseEngine(settings({}), machine());
    assert.equal(best.kind, 'openvino');
    assert.equal(best.description, `openvino ${OPENVINO_VERSION} cpu`);
    assert.equal(best.library, join(installed, 'libopenvino_c.so.2641'));
    assert.deepEqual(best.notes, []);
    // In f32 which is faster is for each network to show; bf16 is half the work.
    assert.deepEqual(
      best.alternatives?.map(({ kind }) => kind),
      ['onnxruntime'],
    );
    const half = await chooseEngine(settings({}), machine({ flags: ['amx_bf16'] }));
    assert.deepEqual([half.precision, half.alternatives], ['bf16', undefined]);
    assert.equal((await chooseEngine(settings({ engine: 'openvino' }), machine())).alternatives, undefined);
    const plain = await chooseEngine(settings({}), bare);
    assert.equal(plain.kind, 'onnxruntime');
    assert.match(plain.notes.join(), /OpenVINO may be faster: "npm run setup:openvino"/);
    const broken = machine({ probe: async () => ({ failed: 'it crashes (SIGBUS)' }) });
    const around = await chooseEngine(settings({}), broken);
    assert.equal(around.kind, 'onnxruntime');
    assert.match(around.notes.join(), /cannot be used from .*libopenvino_c\.so\.2641: it crashes \(SIGBUS\)/);
  });

  test('what was named must be there', async () => {
    const unavailable = (message: RegExp) => ({ code: 'ENGINE_UNAVAILABLE', message });
    const openvino = settings({ engine: 'openvino' });
    await assert.rejects(
      chooseEngine(openvino, bare),
      unavailable(/no library in .*nowhere.*setup:openvino/),
    );
    const named = settings({ openvinoDir: folder });
    await assert.rejects(chooseEngine(named, machine()), unavailable(/no library in SKYFIX_OPENVINO_DIR/));
    const broken = machine({ probe: async () => ({ failed: 'invalid ELF header.' }) });
    await assert.rejects(
      chooseEngine(openvino, broken),
      unavailable(/libopenvino_c.*: invalid ELF header\. /),
    );
    await assert.rejects(chooseEngine(settings({ openvinoDir: installed }), broken), unavailable(/ELF/));
    for (const engine of ['cuda', 'webgpu'] as const) {
      const none = machine({ probe: async ({ kind }) => ({ failed: `no device for ${kind}` }) });
      await assert.rejects(
        chooseEngine(settings({ engine }), none),
        unavailable(new RegExp(`no device for ${engine}`)),
      );
      const choice = await chooseEngine(settings({ engine, precision: 'bf16' }), machine());
      assert.match(choice.description, new RegExp(`^onnxruntime-node \\d.* ${engine}$`));
      assert.equal(choice.precision, 'f32');
      assert.equal(choice.notes.length, 1);
    }
  });

  test('bf16 only where the processor has it, whatever the library would emulate; what is not to be had is said', async () => {
    const precisionOn = async (flags: readonly string[], given: Partial<EngineSettings>) => {
      const { precision, notes } = await chooseEngine(settings(given), machine({ flags }));
      return [precision, notes.length];
    };
    assert.deepEqual(await precisionOn(['avx512f', 'amx_bf16'], {}), ['bf16', 0]);
    assert.deepEqual(await precisionOn(['avx512f', 'avx512_bf16'], { precision: 'bf16' }), ['bf16', 0]);
    assert.deepEqual(await precisionOn(['amx_bf16'], { precision: 'f32' }), ['f32', 0]);
    assert.deepEqual(await precisionOn(['avx512f'], {}), ['f32', 0]);
    assert.deepEqual(await precisionOn(['avx512f'], { precision: 'bf16' }), ['f32', 1]);
    // Where Linux does not say, the library's word is taken.
    assert.deepEqual(await precisionOn([], {}), ['bf16', 0]);
    assert.deepEqual(await precisionOn(['amx_bf16'], { engine: 'onnxruntime', precision: 'bf16' }), [
      'f32',
      1,
    ]);
    assert.deepEqual(await precisionOn(['amx_bf16'], { precision: 'int8' }), ['int8', 0]);
  });

  test('a release that was not tried is used and said', async () => {
    const newer = machine({ probe: async () => ({ version: '2030.1.0', capabilities: [] }) });
    const { description, notes } = await chooseEngine(settings({}), newer);
    assert.equal(description, 'openvino 2030.1.0 cpu');
    assert.match(notes.join(), /2030\.1\.0 was not tried/);
  });
});

describe('on this very machine', linux, () => {
  test('a file that is no library, or another one, is refused in a sentence', async () => {
    const libc = (await readdir('/lib/x86_64-linux-gnu').catch(() => [])).find(
      (name) => name === 'libz.so.1',
    );
    const files: [string, Uint8Array | string, RegExp][] = [
      ['text', 'no library', /cannot be used from .*libopenvino_c\.so: .*(ELF|too short)/],
      ['empty', '', /too short|ELF/],
    ];
    if (libc)
      files.push(['other', await readFile(join('/lib/x86_64-linux-gnu', libc)), /ov_get_last_err_msg/]);
    for (const [name, content, message] of files) {
      const openvinoDir = join(folder, `wrong-${name}`);
      await mkdir(openvinoDir);
      await writeFile(join(openvinoDir, 'libopenvino_c.so'), content);
      await assert.rejects(chooseEngine(settings({ openvinoDir })), { code: 'ENGINE_UNAVAILABLE', message });
    }
  });

  test('a GPU is used where there is one; where there is none that is said', async () => {
    for (const engine of ['cuda', 'webgpu'] as const) {
      await chooseEngine(settings({ engine })).then(
        ({ kind }) => assert.equal(kind, engine),
        (error) => {
          assert.equal(error.code, 'ENGINE_UNAVAILABLE');
          assert.match(
            error.message,
            new RegExp(`The ${engine} provider of onnxruntime cannot be used: \\S`, 'i'),
          );
        },
      );
    }
  });
});

describe("OpenVINO's library", () => {
  const names = {
    linux: 'libopenvino_c.so.2641',
    darwin: 'libopenvino_c.2641.dylib',
    win32: 'openvino_c.dll',
  } as const;

  test('is found by its name on each system, in a wheel, an archive or the folder itself', async () => {
    for (const [platform, name] of Object.entries(names) as [NodeJS.Platform, string][]) {
      for (const place of ['', 'openvino/libs', 'libs', 'lib', 'runtime/lib/intel64']) {
        const root = join(folder, `${platform}-${place.replaceAll('/', '-')}`);
        await mkdir(join(root, place), { recursive: true });
        for (const other of ['libopenvino_c.txt', 'libopenvino.so.2641', 'openvino.dll', 'libtbb.so.12']) {
          await writeFile(join(root, place, other), '');
        }
        assert.equal(await findOpenVino(root, platform), undefined);
        await writeFile(join(root, place, name), '');
        assert.equal(await findOpenVino(root, platform), join(root, place, name));
      }
    }
    assert.equal(await findOpenVino(join(folder, 'nowhere')), undefined);
  });

  test('is the release that setup:openvino installs', async () => {
    const script = await readFile('scripts/setup-openvino.mjs', 'utf8');
    assert.match(script, new RegExp(`^const VERSION = '${OPENVINO_VERSION.replaceAll('.', '\\.')}';$`, 'm'));
  });
});
