// The search of versions in a cluster, asked directly: a node is killed, the alias moves, all nodes are killed during an import.
// Answers are those of exact search.
import { setTimeout as wait } from 'node:timers/promises';
import { writeToWeaviate } from '../../index/index.js';
import type { WeaviateNode } from '../../loadtest/index.js';
import { RemotePlaceFinder } from '../../src/places/index.js';
import { Catalogue, type Descriptors, ExactIndex, type VectorIndex } from '../../src/search/index.js';
import type { SearchPlace } from '../../src/versions/index.js';
import {
  aliasOf,
  Cluster,
  type ClusterAddress,
  collectionOf,
  moveAlias,
  nearestRows,
  type RowSource,
} from '../../src/weaviate/index.js';
import { type LoadResult, type Note, underLoad } from './load.js';
import { queriesOf, tilesOf, unitVectors } from './tiles.js';

const TILES = 1500;
const DIMENSIONS = 64;
const QUERIES = 64;
const REGION = 'cluster-test';
const SWITCHES = 30;
/** A server loses a node for so long. */
const GONE_MS = 10_000;
/** What is searched, for people. */
export const SEARCHED = `${TILES} tiles x ${DIMENSIONS}, ${QUERIES} queries`;

const timed = async <A>(work: () => Promise<A>): Promise<readonly [A, number]> => {
  const started = performance.now();
  return [await work(), (performance.now() - started) / 1000];
};

/** What a version has of tiles. */
function versionOf(version: string, seed: number) {
  const descriptors = unitVectors(TILES, DIMENSIONS, seed);
  return { collection: collectionOf(REGION, version), descriptors, catalogue: new Catalogue(tilesOf(TILES)) };
}

/** The best score of each query by exact search. */
async function bestOf(
  descriptors: Descriptors,
  queries: readonly Float32Array[],
): Promise<readonly number[]> {
  const exact = new ExactIndex(descriptors);
  return Promise.all(queries.map(async (query) => (await exact.search(query, 1))[0]?.score ?? -2));
}

/** Says whether an index answers as exact search does. */
async function judgeOf(descriptors: Descriptors) {
  const queries = queriesOf(descriptors, QUERIES);
  const best = await bestOf(descriptors, queries);
  return async (index: VectorIndex, number: number) => {
    const [hit] = await index.search(queries[number % QUERIES] as Float32Array, 5);
    return Math.abs((hit?.score ?? -2) - (best[number % QUERIES] as number)) < 1e-4;
  };
}

/** At the end two nodes are killed. Throws where an import is over before it is interrupted, or a cluster does not come back. */
export async function searchCluster(
  nodes: readonly WeaviateNode[],
  address: ClusterAddress,
  note: Note,
): Promise<void> {
  const target = {
    address: { ...address, deadlineMs: 20_000 },
    replicas: nodes.length,
    shards: nodes.length,
  };
  const publish = (version: RowSource) => writeToWeaviate(version, 0.95, target);

  const first = versionOf('1', 1);
  const [placeOfFirst, firstS] = await timed(() => publish(first));
  note('a version is published, every row asked for at every node', { lost: 0, seconds: firstS });
  const openFinder = (place: SearchPlace, { catalogue }: { readonly catalogue: Catalogue }) =>
    RemotePlaceFinder.openRemote({
      onDeath: (why) => console.log(`  ${why.message}`),
      ...place,
      address,
      dimensions: DIMENSIONS,
      catalogue: catalogue.parts,
      exactRows: 0,
    });
  const index = await openFinder(placeOfFirst, first);
  const judge = await judgeOf(first.descriptors);
  const ask = (number: number) => judge(index, number);
  note('nothing', await underLoad(ask, () => wait(5000)));

  const [, second, third] = nodes as [WeaviateNode, WeaviateNode, WeaviateNode];
  const killed = async () => {
    await second.kill();
    await wait(GONE_MS);
  };
  const back = async () => {
    await second.start();
    await wait(3000);
  };
  note('one node is killed', await underLoad(ask, killed));
  note('it comes back', await underLoad(ask, back));
  // A node that was killed has lost the end of its graph: searches are refused until it is mended.
  const [, mendedS] = await timed(() => publish(first));
  note('the version is published again, which mends the graph of the node', { lost: 0, seconds: mendedS });
  await settled(() => index.state === 'ready');
  note('after that', await underLoad(ask, () => wait(3000)));

  const other = versionOf('2', 2);
  const [placeOfOther, otherS] = await timed(() => publish(other));
  note('the next version is published', { lost: 0, seconds: otherS });
  note('the alias switches', await switches(placeOfFirst, placeOfOther));

  const lastOne = versionOf('3', 3);
  const interrupted = publish(lastOne).catch((error: Error) => error);
  await wait(1500);
  await Promise.all(nodes.map((node) => node.kill()));
  const ended = await interrupted;
  if (!(ended instanceof Error)) throw new Error('The import was over before it was interrupted.');
  await Promise.all(nodes.map((node) => node.start()));
  const [placeOfLast, lastS] = await timed(() => publish(lastOne));
  note('all nodes are killed during an import, which goes on', { lost: 0, seconds: lastS });
  // The nodes have lost the end of the graph of what was published long before, too.
  const [, againS] = await timed(() => publish(first));
  note('the first version is published again', { lost: 0, seconds: againS });
  await settled(() => ask(0).catch(() => false));
  note('the first version after that', await underLoad(ask, () => wait(3000)));
  const last = await openFinder(placeOfLast, lastOne);
  const judgeLast = await judgeOf(lastOne.descriptors);
  note(
    'the last version after that',
    await underLoad(
      (number) => judgeLast(last, number),
      () => wait(3000),
    ),
  );

  await second.kill();
  await third.kill();
  note('two of three nodes are killed', await underLoad(ask, () => wait(GONE_MS)));
  await Promise.all([index.close(), last.close()]);

  async function switches(one: SearchPlace, two: SearchPlace): Promise<LoadResult> {
    const cluster = new Cluster(address);
    const alias = aliasOf(REGION);
    await moveAlias(cluster, alias, one.collection);
    const queries = queriesOf(first.descriptors, QUERIES);
    const bests = await Promise.all([first, other].map(({ descriptors }) => bestOf(descriptors, queries)));
    // An answer is of one version or of the other.
    const result = await underLoad(
      async (number) => {
        const query = queries[number % QUERIES] as Float32Array;
        const [hit] = await nearestRows(cluster, { collection: alias, queries: [query], limit: 5 });
        return bests.some((best) => Math.abs((hit?.score ?? -2) - (best[number % QUERIES] as number)) < 1e-4);
      },
      async () => {
        for (let k = 0; k < SWITCHES; k++)
          await moveAlias(cluster, alias, (k % 2 === 0 ? two : one).collection);
      },
    );
    cluster.close();
    return result;
  }
}

async function settled(met: () => boolean | Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + 120_000;
  while (!(await met())) {
    if (performance.now() > endsAt) throw new Error('The cluster does not come back within two minutes.');
    await wait(100);
  }
}
