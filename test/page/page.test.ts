// The page in a real browser, against the demo region that ships: an answer at the right place, in words where there is
// none, usable by keys, readable for everyone (axe), in both languages, light and dark.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { PACKAGE_ROOT } from '../../cli/index.js';
import { distanceM } from '../../src/geometry/index.js';
import { browserPath, NO_BROWSER, openBrowser } from '../support/browser.js';
import { type PageServer, servePage } from '../support/page-server.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const demo = (name: string) => join(PACKAGE_ROOT, 'demo/panoramas', `${name}.jpg`);
/** Where the cameras really stood. */
const TRUTH = new Map(
  readFileSync(join(PACKAGE_ROOT, 'demo/panoramas.csv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .map(([file = '', lon, lat]) => [file.slice(10, 16), { lon: Number(lon), lat: Number(lat) }]),
);
/** Two cores that others use too; the promise is 2 s on a machine of one's own. */
const ANSWER_MS = 20_000;

const browserFile = browserPath();

describe('the page', { skip: browserFile ? false : NO_BROWSER }, () => {
  let server: PageServer;
  let browser: Browser;
  before(async () => {
    const built = spawnSync(process.execPath, [join(PACKAGE_ROOT, 'scripts/build-page.mjs')]);
    assert.equal(built.status, 0, String(built.stderr));
    server = await servePage();
    browser = await openBrowser(browserFile ?? '');
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  /** A page of its own; what it complained about is empty at the end. */
  async function onPage(
    options: BrowserContextOptions,
    use: (page: Page, complaints: string[]) => Promise<void>,
  ): Promise<void> {
    const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url()))
        complaints.push(`asked ${request.url()}`);
    });
    page.setDefaultTimeout(ANSWER_MS);
    try {
      await page.goto(server.url);
      await page.getByText('2,116').or(page.getByText('2.116')).first().waitFor({ state: 'attached' });
      await use(page, complaints);
      assert.deepEqual(complaints, []);
    } finally {
      await context.close();
    }
  }

  /** As a person's mouse does it: a file falls onto the page. */
  async function drop(page: Page, path: string, name: string, type = 'image/jpeg'): Promise<void> {
    const base64 = readFileSync(path).toString('base64');
    const data = await page.evaluateHandle(
      `(() => {
        const bytes = Uint8Array.from(atob('${base64}'), (c) => c.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], '${name}', { type: '${type}' }));
        return data;
      })()`,
    );
    for (const event of ['dragenter', 'dragover', 'drop'])
      await page.dispatchEvent('body', event, { dataTransfer: data });
  }

  const choose = (page: Page, ...files: Parameters<Page['setInputFiles']>[1][]) =>
    page.setInputFiles('input[type=file]', files.flat() as string[]);

  async function violations(page: Page): Promise<string[]> {
    await page.evaluate(AXE);
    const found = (await page.evaluate(
      'axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })',
    )) as { violations: { id: string; nodes: { html: string }[] }[] };
    // Places that lie near each other on the ground do so on the map, whose markers may hide each other there; the list beside it
    // has a control of full size for each (WCAG 2.2, 2.5.8, "equivalent").
    const isMarker = (id: string, html: string) =>
      id === 'target-size' && html.includes('class="place-marker');
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.flatMap(({ html }) => (isMarker(id, html) ? [] : [`${id}: ${html.slice(0, 160)}`])),
    );
  }

  test('a panorama that is dropped stands at the right place on the map', async () => {
    await onPage({}, async (page) => {
      await drop(page, demo('p00020'), 'p00020.jpg');
      const position = await page.locator('.facts code').innerText();
      const [lat = Number.NaN, lon = Number.NaN] = position.split(',').map(Number);
      const truth = TRUTH.get('p00020');
      assert.ok(truth);
      const off = distanceM(truth, { lon, lat });
      assert.ok(off < 10, `${off} m off`);
      const [marker] = await page.locator('.place-marker.chosen').all();
      const map = await page.locator('.map').boundingBox();
      const box = await marker?.boundingBox();
      assert.ok(map && box);
      assert.ok(box.x > map.x && box.x < map.x + map.width && box.y > map.y && box.y < map.y + map.height);
      await page.locator('.square img').first().waitFor();
    });
  });

  test('it speaks and looks as the browser asks for', async () => {
    await onPage({ colorScheme: 'dark', locale: 'de-DE' }, async (page) => {
      assert.equal(await page.locator('html').getAttribute('lang'), 'de');
      assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
      await page.getByText('Panoramen oder Fotos hier ablegen').waitFor();
    });
  });

  test('nobody is shut out: axe, in light and dark, in English and German', async () => {
    await onPage({}, async (page) => {
      const everywhere = async () => {
        for (const theme of ['dark', 'light']) {
          for (const language of ['de', 'en']) {
            await page.locator('.settings select').first().selectOption(language);
            await page.locator('.settings select').last().selectOption(theme);
            await page.locator(`html[lang=${language}][data-theme=${theme}]`).waitFor();
            assert.deepEqual(await violations(page), [], `${theme}, ${language}`);
          }
        }
      };
      await everywhere();
      await choose(page, demo('p00579'), demo('p00113'));
      await page.locator('.answer').waitFor();
      for (const summary of await page.locator('.side summary').all()) await summary.click();
      await page.locator('.again input[type=checkbox]').nth(1).check();
      await everywhere();
      await page.getByRole('button', { name: 'Report' }).click();
      await page.locator('.report table').waitFor();
      assert.deepEqual(await violations(page), []);
    });
  });

  test('several files are one way where that is said: a track on the map, a list, three exports, for everyone', async () => {
    await onPage({}, async (page) => {
      await page.getByLabel('Several files are one way').check();
      const photo = readFileSync(demo('p00020'));
      const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'image/jpeg', buffer }) as never;
      // By their names, whichever came first.
      await choose(page, file('10.jpg', photo), file('9.jpg', Buffer.from('no image')), file('2.jpg', photo));
      const points = page.getByRole('radiogroup', { name: 'Points of the track' }).getByRole('radio');
      await points.first().waitFor();
      const names = await Promise.all((await points.all()).map((point) => point.getAttribute('aria-label')));
      assert.equal(names.length, 3);
      assert.match(names[0] ?? '', /^Point 1, 2\.jpg, \d+%, 48\.\d+, 10\.\d+$/);
      assert.match(names[1] ?? '', /^Point 2, 9\.jpg, \S/);
      assert.match(names[2] ?? '', /^Point 3, 10\.jpg, /);
      const truth = TRUTH.get('p00020');
      const [lat = Number.NaN, lon = Number.NaN] = (names[0] ?? '').split(', ').slice(-2).map(Number);
      assert.ok(truth && distanceM(truth, { lon, lat }) < 10, names[0] ?? '');
      await points.first().focus();
      await page.keyboard.press('ArrowDown');
      assert.ok(await points.nth(1).isChecked());
      const saved = async (format: string) => {
        const download = page.waitForEvent('download');
        await page.getByRole('button', { name: `Track as ${format}` }).click();
        return readFileSync(await (await download).path(), 'utf8');
      };
      const lines = (await saved('CSV')).trim().split('\r\n');
      assert.equal(lines.length, 4);
      assert.match(lines[2] ?? '', /^2,9\.jpg,,,.*IMAGE_UNDECODABLE/);
      const { features } = JSON.parse(await saved('GeoJSON')) as { features: { geometry: unknown }[] };
      assert.deepEqual(
        features.map(({ geometry }) => (geometry as { type: string } | null)?.type),
        ['LineString', 'Point', undefined, 'Point'],
      );
      assert.match(await saved('KML'), /<LineString>/);
      for (const [language, theme] of [
        ['de', 'dark'],
        ['en', 'light'],
      ] as const) {
        await page.locator('.settings select').first().selectOption(language);
        await page.locator('.settings select').last().selectOption(theme);
        await page.locator(`html[lang=${language}][data-theme=${theme}]`).waitFor();
        assert.deepEqual(await violations(page), [], `${theme}, ${language}`);
      }
      await page.getByRole('button', { name: 'Remove the track' }).click();
      await points.first().waitFor({ state: 'detached' });
    });
  });

  test('what cannot be used is told in words, with what to do', async () => {
    await onPage({ locale: 'de-DE' }, async (page, complaints) => {
      await choose(page, {
        name: 'kaputt.jpg',
        mimeType: 'image/jpeg',
        buffer: Buffer.from('no image'),
      } as never);
      await page.getByRole('heading', { name: 'Das Bild lässt sich nicht lesen' }).waitFor();
      await page.getByText('Nehmen Sie eine vollständige JPEG-, PNG-').waitFor();
      await choose(page, {
        name: 'brief.txt',
        mimeType: 'text/plain',
        buffer: Buffer.from('Hallo'),
      } as never);
      await page.getByRole('heading', { name: 'Kein Bild' }).waitFor();
      // The browser itself notes the answer 422.
      assert.ok(complaints.splice(0).every((text) => text.includes('422')));
    });
  });

  test('it goes by keys alone: places, heading, circle, and asking again', async () => {
    await onPage({}, async (page) => {
      await choose(page, demo('p00579'));
      await page.locator('.places input').first().focus();
      await page.keyboard.press('ArrowDown');
      await page.locator('.place-marker.chosen', { hasText: '2' }).waitFor();
      const knob = page.getByRole('slider', { name: 'Heading' });
      const before = Number(await knob.getAttribute('aria-valuenow'));
      await knob.focus();
      await page.keyboard.press('PageUp');
      await page.locator(`.knob[aria-valuenow="${(before + 15) % 360}"]`).waitFor();
      await page.locator('.again summary').focus();
      await page.keyboard.press('Enter');
      assert.equal(
        Math.round(Number(await page.getByLabel('Heading, ° from north').inputValue())) % 360,
        (before + 15) % 360,
      );
      await page.getByLabel('Only inside a circle').focus();
      await page.keyboard.press('Space');
      await page.getByRole('button', { name: 'Centre of the circle' }).focus();
      await page.keyboard.press('ArrowLeft');
      const answered = page.waitForResponse('**/locate');
      await page.getByLabel('Number of places').focus();
      await page.keyboard.press('Enter');
      const answer = (await (await answered).json()) as {
        heading: { deg: number; source: string };
        results: { lon: number; lat: number }[];
      };
      assert.equal(answer.heading.source, 'request');
      assert.equal(Math.round(answer.heading.deg), (before + 15) % 360);
      const viewer = page.getByRole('application');
      await viewer.focus();
      const seen = await page.locator('.compass').innerHTML();
      await page.keyboard.press('ArrowRight');
      assert.notEqual(await page.locator('.compass').innerHTML(), seen);
    });
  });

  test('a link holds the answer and not the image; exports hold every file', async () => {
    await onPage({}, async (page) => {
      await choose(page, demo('p00415'));
      await page.getByRole('button', { name: 'Copy link' }).click();
      await page.waitForURL('**/#a1.*');
      const position = await page.locator('.facts code').innerText();
      const link = page.url();
      assert.ok(link.length < 2000, `${link.length} characters`);
      const saved = page.waitForEvent('download');
      await page.getByText('Export').click();
      await page.getByRole('button', { name: 'CSV' }).click();
      const lines = readFileSync(await (await saved).path(), 'utf8')
        .trim()
        .split('\r\n');
      assert.equal(lines.length, 6);
      assert.match(lines[1] ?? '', /^p00415\.jpg,1,/);
      await page.goto('about:blank');
      await page.goto(link);
      assert.equal(await page.locator('.facts code').innerText(), position);
      await page.getByText('A link carries the answer, not the image.').waitFor();
    });
  });
});
