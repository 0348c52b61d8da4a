// A skyfix server, in a process of its own, on a cluster: panoramas go in over HTTP while a node is killed, while another version
// and the alias move, and after all nodes were killed. Answers are those of the same versions searched in memory.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { publishIndex, rollbackIndex } from '../../index/index.js';
import type { WeaviateNode } from '../../loadtest/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import { locate } from '../../src/locate/index.js';
import { RegionService } from '../../src/regions/index.js';
import type { ClusterAddress } from '../../src/weaviate/index.js';
import { ChaosServer } from '../chaos/server.js';
import { publishLargeTown, SMALL_CACHE_BYTES } from '../support/large-town.js';
import { noisePanorama, pngOf } from '../support/tiny-region.js';
import { type Note, underLoad } from './load.js';

const REGION = 'served';
const SEEDS = [0, 1, 2, 3, 4, 5, 6, 7];
const VERSIONS = ['v1', 'v2'] as const;
const OPTIONS = { top: 1, distinct: true, headingDeg: 0 } as const;
/** A server loses a node for so long. */
const GONE_MS = 10_000;
const SWITCHES = 6;
const BACK_WITHIN_MS = 120_000;

type Best = { readonly tile: string; readonly lon: number; readonly lat: number; readonly score: number };

/** By version and panorama, as the server itself finds them in memory. */
async function answersInMemory(dataDir: string, uploads: readonly Buffer[]): Promise<readonly Best[]> {
  const regions = await RegionService.open(dataDir, { threads: 1 });
  const lease = regions.acquire();
  try {
    const answers: Best[] = [];
    for (const upload of uploads)
      answers.push((await locate(lease.region, upload, OPTIONS)).results[0] as Best);
    return answers;
  } finally {
    lease.release();
    await regions.close();
  }
}

/** Throws where a phase that has to have answers has none. */
export async function serveFromCluster(
  folder: string,
  nodes: readonly WeaviateNode[],
  address: ClusterAddress & { readonly grpcUrls: readonly string[] },
  note: Note,
): Promise<void> {
  const dataDir = join(folder, 'served');
  const uploads = await Promise.all(SEEDS.map((seed) => pngOf(noisePanorama(seed))));
  const expected = new Map<string, readonly Best[]>();
  const folders = new Map<string, string>();
  for (const [k, indexVersion] of VERSIONS.entries()) {
    const made = join(folder, `made-${indexVersion}`);
    const town = { region: REGION, seeds: SEEDS, indexVersion, eastM: 4 * k };
    folders.set(indexVersion, await publishLargeTown(made, town));
    expected.set(indexVersion, await answersInMemory(made, uploads));
  }
  const weaviate = {
    address: { ...address, deadlineMs: 20_000 },
    replicas: nodes.length,
    shards: nodes.length,
  };
  const publish = async (version: (typeof VERSIONS)[number], what: string) => {
    const began = performance.now();
    await publishIndex({ indexDir: folders.get(version) ?? '', dataDir, region: REGION, weaviate });
    note(what, { seconds: (performance.now() - began) / 1000 });
  };

  const server = new ChaosServer(dataDir, {
    SKYFIX_WEAVIATE_URLS: address.urls.join(','),
    SKYFIX_WEAVIATE_GRPC_URLS: address.grpcUrls.join(','),
    SKYFIX_WEAVIATE_CACHE_BYTES: `${SMALL_CACHE_BYTES}`,
    SKYFIX_ENGINE: 'onnxruntime',
    // What is refused is what the cluster could not answer.
    SKYFIX_BUDGET_MS: '0',
  });
  const ask = async (number: number): Promise<boolean> => {
    const k = number % uploads.length;
    const response = await fetch(`${server.url}/locate?headingDeg=0&top=1`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: new Uint8Array(uploads[k] as Buffer),
    });
    const answer = (await response.json()) as {
      detail?: string;
      indexVersion: string;
      results: readonly Best[];
    };
    if (response.status === 503) throw new SkyfixError('RECOVERING', answer.detail ?? '');
    const [found, right] = [answer.results?.[0], expected.get(answer.indexVersion)?.[k]];
    if (!found || !right) return false;
    const near = Math.abs(found.lon - right.lon) < 1e-7 && Math.abs(found.lat - right.lat) < 1e-7;
    return near && found.tile === right.tile && Math.abs(found.score - right.score) < 1e-4;
  };
  const phase = async (what: string, during: () => Promise<void>, hasAnswers = true) => {
    const result = await underLoad(ask, during);
    note(what, result);
    if (hasAnswers && result.right === 0) throw new Error(`"${what}": the server answered nothing.`);
  };
  const reload = async () => {
    const status = await server.reload(REGION);
    if (status !== 200) throw new Error(`The server refused the reload with ${status}.`);
  };

  try {
    await publish('v1', 'a version is published for a server');
    await server.start();
    await phase('the server, nothing', () => wait(5000));
    const killed = nodes[nodes.length - 1] as WeaviateNode;
    await phase('the server, one node is killed', async () => {
      await killed.kill();
      await wait(GONE_MS);
    });
    await phase('the server, it comes back', async () => {
      await killed.start();
      await wait(5000);
    });
    await phase('the server, the next version is published and taken up', async () => {
      await publish('v2', 'the next version is published under requests');
      await reload();
    });
    const switches = async () => {
      for (let k = 0; k < SWITCHES; k++) {
        await rollbackIndex({ dataDir, region: REGION, to: VERSIONS[k % 2] as string, cluster: address });
        await reload();
      }
    };
    await phase(`the server, ${SWITCHES} switches between two versions`, switches);
    await phase(
      'the server, all nodes are killed',
      async () => {
        await Promise.all(nodes.map((node) => node.kill()));
        await wait(5000);
      },
      false,
    );
    await server.kill();
    await server.start();
    if (await server.ready()) throw new Error('The server is ready without its cluster.');
    await Promise.all(nodes.map((node) => node.start()));
    // Nodes that were killed have lost the end of their graphs.
    await publish('v2', 'the version is published again');
    const backBy = performance.now() + BACK_WITHIN_MS;
    while (!(await server.ready())) {
      if (performance.now() > backBy) throw new Error('The server does not come back with its cluster.');
      await wait(100);
    }
    await phase('the server, started without its cluster, after that', () => wait(3000));
  } finally {
    await server.kill();
  }
}
