// Two ways to have a panorama located: by a running server, or in this process.
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { loadConfig } from '../../src/config/index.js';
import { chooseEngine } from '../../src/engines/index.js';
import { messageOf } from '../../src/errors/index.js';
import { type LocateAnswer, type LocateOptions, locate } from '../../src/locate/index.js';
import { RegionService } from '../../src/regions/index.js';
import { openDataFolder } from './data-folder.js';
import { mediaTypeOf } from './panorama-files.js';
import { endpointOf, ServerRefusal, ServerUnreachable } from './server-address.js';

export interface Locator {
  locate(file: string): Promise<LocateAnswer>;
  close(): Promise<void>;
}

export interface Question {
  readonly options: LocateOptions;
  readonly region?: string | undefined;
}

/** Asks POST /locate of a server, with the first key of SKYFIX_API_KEYS. Errors carry the server's own words. */
export function remoteLocator(url: string, question: Question): Locator {
  const endpoint = endpointOf(url, 'locate');
  const [key] = loadConfig(process.env).apiKeys;
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  return {
    async locate(file) {
      const form = new FormData();
      for (const [name, value] of Object.entries(fieldsOf(question))) form.set(name, value);
      form.set('image', new Blob([await readFile(file)], { type: mediaTypeOf(file) }), basename(file));
      const response = await fetch(endpoint, { method: 'POST', body: form, headers }).catch(
        (error: unknown) => {
          throw new ServerUnreachable(endpoint, error);
        },
      );
      const text = await response.text();
      if (!response.ok) throw new ServerRefusal(response.status, text);
      return JSON.parse(text) as LocateAnswer;
    },
    close: async () => {},
  };
}

/** Opens the data folder in this process. Throws DATA_EMPTY, and what opening the regions throws. */
export async function localLocator(dataDir: string | undefined, question: Question): Promise<Locator> {
  const config = loadConfig(process.env);
  const engine = await chooseEngine(config);
  const folder = await openDataFolder({ data: dataDir, temporary: true });
  const { threads, minRecall, defaultRegion, maxPixels } = config;
  const options = { maxPixels, thresholds: config, ...question.options };
  const regions = await RegionService.open(folder.dir, {
    threads,
    minRecall,
    defaultRegion,
    engine,
    onError: (region, error) => console.error(`warning: region ${region}: ${messageOf(error)}`),
  });
  return {
    async locate(file) {
      const lease = regions.acquire(question.region);
      try {
        return await locate(lease.region, await readFile(file), options);
      } finally {
        lease.release();
      }
    },
    close: async () => {
      await regions.close();
      await folder.release();
    },
  };
}

/** The options as the fields of POST /locate. */
export function fieldsOf({ options, region }: Question): Record<string, string> {
  const { prior, maxPixels: _server, thresholds: _too, ...plain } = options;
  const all: Record<string, unknown> = { ...plain, region };
  if (prior && 'bounds' in prior) all.bbox = prior.bounds.join(',');
  else if (prior) Object.assign(all, prior.centre, { radiusM: prior.radiusM });
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}
