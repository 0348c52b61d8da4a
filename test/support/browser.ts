// A real browser for tests of the page: Debian's Chromium ("apt-get install chromium"), without a screen, drawing in software.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

export const NO_BROWSER = 'not installed: chromium';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Where it is; SKYFIX_TEST_BROWSER names another place. Undefined where there is none. */
export function browserPath(): string | undefined {
  const named = process.env.SKYFIX_TEST_BROWSER;
  return [...(named ? [named] : []), ...PLACES].find(existsSync);
}

export function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: ['--headless=new', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--no-sandbox'],
  });
}
