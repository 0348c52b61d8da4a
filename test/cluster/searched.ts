// The search of versions in a cluster, asked directly: a node is killed, the alias moves, all nodes are killed during an import.
// Answers are those of exact search.
import { setTimeout as wait } from 'node:timers/promises';
import { writeToWeaviate } from '../../index/index.js';
import type { WeaviateNode } from '../../loadtest/index.js';
import { RemotePlaceFinder } from '../../src/places/index.js';
import {
  Catalogue,
  type Descriptors,
  ExactIndex,
  type Hit,
  type VectorIndex,
} from '../../src/search/index.js';
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
    return isBest(hit, best[number % QUERIES]);
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
  /** Where each version is by now, by its first collection. */
  const places = new Map<string, SearchPlace>();
  const publish = async (version: RowSource) => {
    const place = await writeToWeaviate(version, 0.95, target);
    places.set(version.collection, place);
    return place;
  };

  const first = versionOf('1', 1);
  const [, firstS] = await timed(() => publish(first));
  note('a version is published, every row asked for at every node', { lost: 0, seconds: firstS });
  const openFinder = ({ collection, catalogue }: RowSource) =>
    RemotePlaceFinder.openRemote({
      onDeath: (why) => console.log(`  ${why.message}`),
      ...(places.get(collection) as SearchPlace),
      placeNow: async () => places.get(collection),
      address,
      dimensions: DIMENSIONS,
      catalogue: catalogue.parts,
      exactRows: 0,
    });
  let index = await openFinder(first);
  const queries = queriesOf(first.descriptors, QUERIES);
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
  // A node that was killed has lost some of its graph, and the others answer: the rows are written anew.
  const [, mendedS] = await timed(() => publish(first));
  note('the version is published again', { lost: 0, seconds: mendedS });
  const before = index;
  index = await openFinder(first);
  await before.close();
  note('after that', await underLoad(ask, () => wait(3000)));

  const other = versionOf('2', 2);
  const [, otherS] = await timed(() => publish(other));
  note('the next version is published', { lost: 0, seconds: otherS });
  note('the alias switches', await switches());

  const lastOne = versionOf('3', 3);
  const interrupted = publish(lastOne).catch((error: Error) => error);
  await wait(1500);
  await Promise.all(nodes.map((node) => node.kill()));
  const ended = await interrupted;
  if (!(ended instanceof Error)) throw new Error('The import was over before it was interrupted.');
  await Promise.all(nodes.map((node) => node.start()));
  const [, lastS] = await timed(() => publish(lastOne));
  note('all nodes are killed during an import, which goes on', { lost: 0, seconds: lastS });
  // The nodes have lost some of the graphs of what was published long before, too.
  const [, againS] = await timed(() => publish(first));
  note('the first version is published again', { lost: 0, seconds: againS });
  await settled(() => ask(0).catch(() => false));
  note('the first version after that', await underLoad(ask, () => wait(3000)));
  const last = await openFinder(lastOne);
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

  async function switches(): Promise<LoadResult> {
    const cluster = new Cluster(address);
    const alias = aliasOf(REGION);
    const versions = await Promise.all(
      [first, other].map(async (version) => {
        const { collection } = places.get(version.collection) as SearchPlace;
        return { collection, best: await bestOf(version.descriptors, queries) };
      }),
    );
    const [one, two] = versions as [(typeof versions)[number], (typeof versions)[number]];
    await moveAlias(cluster, alias, one.collection);
    // An answer is of one version or of the other.
    const result = await underLoad(
      async (number) => {
        const k = number % QUERIES;
        const query = queries[k] as Float32Array;
        const hits = await nearestRows(cluster, { collection: alias, queries: [query], limit: 5 });
        const right = versions.some(({ best }) => isBest(hits[0], best[k]));
        if (!right)
          await tell(
            cluster,
            query,
            versions.map(({ collection, best }) => [collection, best[k]] as const),
          );
        return right;
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

const isBest = (hit: Hit | undefined, best: number | undefined) =>
  Math.abs((hit?.score ?? -2) - (best ?? 2)) < 1e-4;

/** Of a wrong answer: what each node has instead, asked alone. */
async function tell(
  cluster: Cluster,
  query: Float32Array,
  versions: readonly (readonly [collection: string, best: number | undefined])[],
): Promise<void> {
  for (const [collection, best] of versions) {
    for (let node = 0; node < cluster.nodeCount; node++) {
      const [hit] = await nearestRows(cluster, { collection, queries: [query], limit: 5 }, { node });
      const found = `row ${hit?.row} with ${hit?.score.toFixed(4)}, the best has ${best?.toFixed(4)}`;
      if (!isBest(hit, best)) console.log(`  wrong: node ${node + 1} finds in ${collection} ${found}`);
    }
  }
}

async function settled(met: () => boolean | Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + 120_000;
  while (!(await met())) {
    if (performance.now() > endsAt) throw new Error('The cluster does not come back within two minutes.');
    await wait(100);
  }
}
