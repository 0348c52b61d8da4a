// npm run docs:page: makes docs/page.jpg, the picture of the page in the README: the demo region with its imagery as the
// map, in a scratch folder, asked about a panorama that ships, in a real browser. --data DIR takes a region that is there.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import sharp from 'sharp';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SKYFIX = join(ROOT, 'bin/skyfix.js');
const PANORAMAS = ['p00579', 'p00020', 'p00113'].map((name) => join(ROOT, `demo/panoramas/${name}.jpg`));
const BROWSER = process.env.SKYFIX_TEST_BROWSER ?? '/usr/bin/chromium';
const FLAGS = ['--headless=new', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--no-sandbox'];
const REBUILD =
  '--region demo --bundle models/small-town --imagery demo/mosaic.tif --area demo/area.geojson --no-contact-sheet';

const scratch = mkdtempSync(join(tmpdir(), 'skyfix-page-picture-'));
const given = process.argv.indexOf('--data');
const data = given > 0 ? process.argv[given + 1] : join(scratch, 'data');
let server;
let browser;
try {
  if (!existsSync(join(data, 'regions'))) {
    const rebuild = ['index', 'rebuild', ...REBUILD.split(' '), '--data', data];
    execFileSync(process.execPath, [SKYFIX, ...rebuild], { cwd: ROOT, stdio: 'inherit' });
  }
  const env = { ...process.env, PORT: '0', LOG_LEVEL: 'info', SKYFIX_DATA: data };
  server = spawn(process.execPath, [SKYFIX, 'serve'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await readyUrl(server);
  browser = await chromium.launch({ executablePath: BROWSER, args: FLAGS });
  const page = await browser.newPage({
    viewport: { width: 1440, height: 860 },
    locale: 'en-GB',
    reducedMotion: 'reduce',
  });
  await page.goto(url);
  await page.setInputFiles('input[type=file]', PANORAMAS);
  await page
    .locator('.photo-list .chip:not(.plain)')
    .nth(PANORAMAS.length - 1)
    .waitFor();
  await page.locator('.square').nth(2).waitFor();
  await page.waitForLoadState('networkidle');
  // The map draws what has come.
  await page.evaluate('new Promise((done) => requestIdleCallback(done, { timeout: 5000 }))');
  const png = await page.screenshot();
  await sharp(png).resize(1200).jpeg({ quality: 80, mozjpeg: true }).toFile(join(ROOT, 'docs/page.jpg'));
} finally {
  await browser?.close();
  server?.kill();
  rmSync(scratch, { recursive: true, force: true });
}

/** From the line of the log that says so. */
async function readyUrl(child) {
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, url } = JSON.parse(line);
    if (msg === 'ready') return url;
  }
  throw new Error('The server ended before it was ready.');
}
