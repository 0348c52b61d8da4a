import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, mock, test } from 'node:test';
import sharp from 'sharp';
import { bevCommand } from '../../cli/commands/bev-command.js';
import { decodeImage } from '../../src/imaging/index.js';
import { flatEncoder, writeTinyBundle } from '../support/tiny-bundle.js';

const root = await mkdtemp(join(tmpdir(), 'skyfix-bev-'));
after(() => rm(root, { recursive: true }));
const log = mock.method(console, 'log', () => {});
const warn = mock.method(console, 'error', () => {});
beforeEach(() => {
  log.mock.resetCalls();
  warn.mock.resetCalls();
});

const GEOMETRY = { tileSizeM: 20, inputSizePx: 4, bevSizePx: 40, cameraHeightM: 2 };
await writeTinyBundle(join(root, 'models', 'tiny'), GEOMETRY, { 'encoder.onnx': flatEncoder(4) });

/** 720x360: green where the camera looks 45 degrees to either side of its heading; red under 45 degrees down. */
const panorama = join(root, 'panorama.png');
const WIDTH = 720;
const data = new Uint8Array(WIDTH * 360 * 3);
for (let y = 0; y < 360; y++) {
  for (let x = 0; x < WIDTH; x++) {
    if (Math.abs(x + 0.5 - 360) < 90) data[(y * WIDTH + x) * 3 + 1] = 255;
    if (y >= 270) data[(y * WIDTH + x) * 3] = 255;
  }
}
await writeFile(
  panorama,
  await sharp(data, { raw: { width: WIDTH, height: 360, channels: 3 } })
    .png()
    .toBuffer(),
);

async function bev(args: readonly string[], folder = root) {
  const out = join(root, 'out', 'bev.png');
  await bevCommand(folder)
    .exitOverride()
    .parseAsync(['node', 'bev', panorama, '--out', out, ...args]);
  const image = await decodeImage(await readFile(out));
  /** The pixel `eastM`, `northM` from the camera when the view covers `sideM`. */
  const at = (eastM: number, northM: number, sideM: number) => {
    const px = image.widthPx / sideM;
    const [j, i] = [Math.floor(image.widthPx / 2 + eastM * px), Math.floor(image.widthPx / 2 - northM * px)];
    return [...image.data.subarray((i * image.widthPx + j) * 3, (i * image.widthPx + j) * 3 + 3)];
  };
  return { image, at };
}

describe('skyfix bev', () => {
  test('takes size, ground and camera height from the bundle that ships, heading from the flag', async () => {
    const { image, at } = await bev(['--heading', '90']);
    assert.equal(image.widthPx, 40);
    assert.deepEqual(at(7, 0, 20), [0, 255, 0], 'heading east, so east is straight ahead');
    for (const [east, north] of [
      [-7, 0],
      [0, 7],
      [0, -7],
    ] as const) {
      assert.deepEqual(at(east, north, 20), [0, 0, 0]);
    }
    // 45 degrees down from 2 m is the ground 2 m away.
    assert.deepEqual(at(-1.5, 0, 20), [255, 0, 0]);
    assert.deepEqual(at(-2.6, 0, 20), [0, 0, 0]);
    assert.match(
      String(log.mock.calls[0]?.arguments[0]),
      /40x40 px, 20\.00 x 20\.00 m, camera 2 m high, heading 90/,
    );
  });

  test('--size keeps the ground, --gsd does not, --camera-height moves the ring', async () => {
    const fine = await bev(['--size', '80', '--camera-height', '4']);
    assert.equal(fine.image.widthPx, 80);
    assert.deepEqual(fine.at(0, 7, 20), [0, 255, 0]);
    assert.deepEqual(fine.at(-3, 0, 20), [255, 0, 0]);
    await bev(['--gsd', '0.1']);
    assert.match(String(log.mock.calls[1]?.arguments[0]), /40x40 px, 4\.00 x 4\.00 m/);
  });

  test('without a bundle: 512 px of 0.06 m from 1.5 m, north assumed with a warning', async () => {
    const { image, at } = await bev([], join(root, 'elsewhere'));
    assert.equal(image.widthPx, 512);
    assert.deepEqual(at(0, 12, 30.72), [0, 255, 0]);
    assert.match(String(log.mock.calls[0]?.arguments[0]), /30\.72 x 30\.72 m, camera 1\.5 m/);
    assert.match(String(warn.mock.calls[0]?.arguments[0]), /warning: No heading/);
  });

  test("a file that says nothing shows the bundle's field of view", async () => {
    const folder = join(root, 'strips');
    const fieldOfView = { horizontalDeg: 180, verticalDeg: 90, horizonShare: 0 };
    const geometry = { ...GEOMETRY, fieldOfView };
    await writeTinyBundle(join(folder, 'models', 'tiny'), geometry, { 'encoder.onnx': flatEncoder(4) });
    const { at } = await bev([], folder);
    // A column is a quarter of a degree now: green within 22.5 degrees of the heading, red from 67.5 degrees down.
    assert.deepEqual(at(0, 7, 20), [0, 255, 0]);
    assert.deepEqual(at(7, 1, 20), [0, 0, 0]);
    assert.deepEqual(at(0.25, 0.25, 20), [255, 0, 0]);
    assert.deepEqual(at(0.25, 1.25, 20), [0, 255, 0]);
    assert.match(warn.mock.calls.map((call) => call.arguments[0]).join(), /taken to show 180 x 90 degrees/);
  });

  test('the help says which bundle the defaults come from', () => {
    assert.match(bevCommand(root).helpInformation().replace(/\s+/g, ' '), /models\/tiny, which ships/);
    assert.match(
      bevCommand(join(root, 'elsewhere')).helpInformation().replace(/\s+/g, ' '),
      /none ships here/,
    );
  });

  test('refuses what makes no sense, naming it', async () => {
    await assert.rejects(bev(['--size', '0']), { code: 'PARAMETER_INVALID', message: /size is 0/ });
    await assert.rejects(bev(['--camera-height', '-1']), { code: 'PARAMETER_INVALID', message: /-1/ });
    await assert.rejects(bev(['--bundle', join(root, 'none')]), { code: 'BUNDLE_MISSING' });
    const missing = bevCommand(root).parseAsync(['node', 'bev', join(root, 'no.jpg'), '-o', 'x.png']);
    await assert.rejects(missing, { code: 'PARAMETER_INVALID', message: /no\.jpg cannot be read/ });
    const quiet = bevCommand(root)
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    await assert.rejects(quiet.parseAsync(['node', 'bev', panorama, '-o', 'x.png', '--size', 'big']), {
      code: 'commander.invalidArgument',
    });
  });
});
