// A running server as whoever publishes sees it: is the key right, which version does it serve, take the new one up.
import { SkyfixError } from '../../src/errors/index.js';
import { endpointOf, problemText, ServerRefusal, ServerUnreachable } from './server-address.js';

/** No region is ever called so by people; asking for its reload tests the key and changes nothing. */
const NO_REGION = '-';

export class RegionServer {
  readonly url: string;
  readonly #apiKey: string;

  /** Throws CONFIG_INVALID without a key. */
  constructor(url: string, apiKey: string | undefined) {
    if (apiKey === undefined) {
      throw new SkyfixError('CONFIG_INVALID', `SKYFIX_API_KEYS is empty; ${url} reloads only for a key.`);
    }
    this.url = url;
    this.#apiKey = apiKey;
  }

  /** Throws where the server cannot be reached, is no skyfix, or does not take the key: before work that it is for. */
  async check(): Promise<void> {
    const { status, text } = await this.#send('POST', `admin/regions/${NO_REGION}/reload`);
    if (new ServerRefusal(status, text).code !== 'REGION_UNKNOWN') {
      throw new Error(`${this.url} would not reload, so nothing was begun. ${problemText(status, text)}`);
    }
  }

  /** The version it serves; undefined where it has no such region. */
  async servedVersion(region: string): Promise<string | undefined> {
    const { status, text } = await this.#send('GET', 'regions');
    if (status !== 200) throw new Error(problemText(status, text));
    const { regions } = JSON.parse(text) as { regions: { region: string; indexVersion: string }[] };
    return regions.find((one) => one.region === region)?.indexVersion;
  }

  /** Has it take up `version`, which is current; resolves when that serves. Throws, with what serves, where it does not. */
  async takeUp(region: string, version: string): Promise<void> {
    const { status, text } = await this.#send('POST', `admin/regions/${region}/reload`);
    if (status !== 200) {
      const served = await this.servedVersion(region).catch(() => undefined);
      const goesOn = served === undefined ? 'does not serve the region' : `goes on with ${served}`;
      throw new Error(`${version} is current, but ${this.url} ${goesOn}. ${problemText(status, text)}`);
    }
    const { indexVersion } = JSON.parse(text) as { indexVersion: string };
    if (indexVersion !== version) {
      throw new Error(
        `${version} is current here, but ${this.url} loaded ${indexVersion}: it reads another data folder.`,
      );
    }
  }

  async #send(method: string, route: string): Promise<{ status: number; text: string }> {
    const endpoint = endpointOf(this.url, route);
    const headers = { authorization: `Bearer ${this.#apiKey}` };
    try {
      const response = await fetch(endpoint, { method, headers });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw new ServerUnreachable(endpoint, error);
    }
  }
}
