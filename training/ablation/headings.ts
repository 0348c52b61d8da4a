// skyfix-train headings: what is told of the heading by what a photo shows of the circle, for one bundle on some areas. Each
// cell is kept: the same command goes on where it was stopped.
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { BUNDLE_INPUTS, loadBundle } from 'skyfix/bundles';
import { Describer, openNetworks } from 'skyfix/describe';
import { sha256OfBytes } from 'skyfix/files';
import { SPLITS, type Split } from '../common/index.js';
import { openDataset } from '../datasets/index.js';
import { prepareArea } from '../images/index.js';
import {
  evaluateHeadings,
  type HeadingArea,
  type HeadingFigures,
  openHeadingArea,
} from '../pipeline/index.js';
import { HEADINGS_TOLD, type HeadingCell, type HeadingsResult, writeStylesPage } from '../report/index.js';
import { REAL_PLACES } from '../town/index.js';
import { kept } from './kept.js';

export interface HeadingsOptions {
  readonly bundle: string;
  /** Folders of towns or worlds. */
  readonly areas: readonly string[];
  readonly split: Split | 'all';
  readonly fovsDeg: readonly number[];
  /** Places asked from, of each area. */
  readonly places: number;
  readonly gridStrideM: number;
  /** Folder of images and cells. */
  readonly out: string;
  /** Folder of the page. */
  readonly report: string;
  readonly threads: number;
  /** As a person types it, for the page. */
  readonly command: string;
}

/** All areas are asked with the same headings. */
const SEED = 1;

/** Measures what is missing and writes the page; returns its path. Throws what bundles, data sets and networks throw. */
export async function measureHeadings(
  options: HeadingsOptions,
  say: (what: string, done: number, total: number) => void = () => {},
): Promise<string> {
  const bundle = await loadBundle(options.bundle, { inputs: BUNDLE_INPUTS });
  const manifest = sha256OfBytes(await readFile(join(options.bundle, 'bundle.json')));
  const networks = await openNetworks(bundle, { threads: options.threads });
  const describer = new Describer(networks, bundle.manifest, 'NETWORK_INVALID');
  const cells: HeadingCell[] = [];
  try {
    for (const folder of options.areas) {
      const area = basename(resolve(folder));
      const { geometry } = bundle.manifest;
      const dataset = await openDataset({ format: 'town', root: folder });
      const prepared = await prepareArea(
        dataset,
        options.split === 'all' ? SPLITS : options.split,
        geometry,
        {
          cacheDir: join(options.out, 'images'),
          threads: options.threads,
          grid: { strideM: options.gridStrideM },
          onProgress: (what, done, total) => say(`${area}: ${what}`, done, total),
        },
      );
      let opened: HeadingArea | undefined;
      for (const heading of HEADINGS_TOLD) {
        for (const fovDeg of options.fovsDeg) {
          const asked = { heading, fovDeg };
          const key = [2, manifest, prepared.digest, options.gridStrideM, options.places, SEED, asked];
          const path = join(options.out, 'cells', `${sha256OfBytes(JSON.stringify(key)).slice(0, 32)}.json`);
          const figures = await kept<HeadingFigures>(path, async () => {
            opened ??= await openHeadingArea(describer, bundle.manifest, dataset, prepared);
            const what = `${area}: heading ${heading}, ${fovDeg}°`;
            return evaluateHeadings(opened, asked, {
              seed: SEED,
              places: options.places,
              onPlace: (done, total) => say(what, done, total),
            });
          });
          cells.push({ area, ...asked, ...figures });
        }
      }
      await opened?.tiles.index.close();
    }
  } finally {
    await networks.close();
  }
  const { command, gridStrideM } = options;
  const name = basename(resolve(options.bundle));
  const result: HeadingsResult = { schema: 'skyfix-headings/1', command, bundle: name, gridStrideM, cells };
  return writeStylesPage(options.report, result, REAL_PLACES);
}
