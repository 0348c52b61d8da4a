// Signals, a Ctrl-C among them, reach a run while TensorFlow computes: they must change no bit and damage no memory.
// oneDNN's products of some shapes do not stand a handler on their own thread.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hasKernels } from '../../runtime/tf.js';

const url = (module: string) => JSON.stringify(new URL(`../../${module}.js`, import.meta.url).href);

const SCRIPT = `
  process.on('SIGUSR2', () => {});
  const { CONVNEXT_SIZES, createConvNext, valueAndFlatGrads } = await import(${url('networks/index')});
  const { tf } = await import(${url('runtime/tf')});
  const encoder = createConvNext({ ...CONVNEXT_SIZES.femto, layerScale: 1, inputSize: 32 }, 1);
  const images = tf.randomUniform([8, 32, 32, 3], 0, 1, 'float32', 2);
  const gradient = () => {
    const { loss, grads } = valueAndFlatGrads(() => ({ loss: encoder.apply(images).square().sum() }), [encoder.params]);
    const data = Buffer.from(grads[0].dataSync().slice().buffer);
    tf.dispose([loss, ...grads]);
    return data;
  };
  const first = gradient();
  console.log('signals, please');
  let same = 0;
  for (const until = performance.now() + 2_500; performance.now() < until; ) {
    if (!gradient().equals(first)) process.exit(7);
    same++;
    await new Promise(setImmediate);
  }
  console.log(same);
  process.exit(0);
`;

test('signals in the middle of steps change no bit', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { stdout: '', stderr: '' };
  let sent = 0;
  let over = false;
  const send = (): void => {
    if (over) return;
    if (child.kill('SIGUSR2')) sent++;
    setTimeout(send, 0);
  };
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    texts.stderr += text;
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (texts.stdout === '') send();
    texts.stdout += text;
    over = /\d/.test(texts.stdout); // it is about to end, with its handlers gone
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  over = true;
  assert.deepEqual(
    [code, signal],
    [0, null],
    `after ${sent} signals: ${texts.stderr.trim().split('\n').at(-1)}`,
  );
  assert.ok(sent > 100 && Number(/\d+/.exec(texts.stdout)?.[0]) > 10, `${sent} signals, ${texts.stdout}`);
});

test('the thread that computes takes no Ctrl-C, a child that it starts does', () => {
  assert.ok(hasKernels());
  const blocked = (status: string): bigint => BigInt(`0x${/SigBlk:\s*(\w+)/.exec(status)?.[1]}`);
  const interrupt = 1n << 1n; // SIGINT is signal 2
  assert.equal(blocked(readFileSync('/proc/thread-self/status', 'utf8')) & interrupt, interrupt);
  const { stdout } = spawnSync('cat', ['/proc/self/status'], { encoding: 'utf8' });
  assert.equal(blocked(stdout) & interrupt, 0n);
});
