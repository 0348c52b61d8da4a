// npm run bench:weaviate: what a search and a whole request take where a cluster holds the tiles of a made-up town.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolArguments, wholeArgument } from '../cli/index.js';
import {
  machine,
  markdownTable,
  startWeaviate,
  type WeaviateNode,
  weaviateServer,
  writeSection,
} from '../loadtest/index.js';
import type { ClusterAddress } from '../src/weaviate/index.js';
import { type ClusterFigures, clusterFigures } from './weaviate-figures.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const NODES = 3;
const COLUMNS = 150;

const HELP = `npm run bench:weaviate -- [options]
What a search and a whole request take where a cluster holds the tiles of a made-up town.
  --cluster URLS        its nodes, commas between them; without it three are started of the weaviate-server that is installed
  --cluster-grpc URLS   their addresses for gRPC
  --tiles N             default 60000
  --dimensions LIST     default 512,1024
  --rounds N            default 200
  --replicas N          copies of each tile, default 1
  --quantise            the cluster keeps descriptors in 8 bits
  --bundle DIR          whose networks answer requests, default models/general
  --write               puts the table into docs/weaviate.md`;

const { values } = toolArguments(HELP, {
  cluster: { type: 'string', default: '' },
  'cluster-grpc': { type: 'string', default: '' },
  tiles: { type: 'string', default: '60000' },
  dimensions: { type: 'string', default: '512,1024' },
  rounds: { type: 'string', default: '200' },
  replicas: { type: 'string', default: '1' },
  quantise: { type: 'boolean', default: false },
  bundle: { type: 'string', default: join(ROOT, 'models/general') },
  write: { type: 'boolean', default: false },
});
const listed = (text: string) => text.split(',').filter(Boolean);
const options = {
  tiles: wholeArgument('tiles', values.tiles),
  rounds: wholeArgument('rounds', values.rounds),
  replicas: wholeArgument('replicas', values.replicas),
  quantise: values.quantise,
  bundleDir: values.bundle,
  panoramasDir: join(ROOT, 'demo/panoramas'),
};

const folder = await mkdtemp(join(tmpdir(), 'skyfix-bench-weaviate-'));
let nodes: readonly WeaviateNode[] = [];

/** Of the cluster that is named, or of three nodes that are started. Throws where there is no program to start. */
async function clusterAddress(): Promise<ClusterAddress> {
  const deadlineMs = 10_000;
  const urls = listed(values.cluster);
  if (urls.length > 0) return { urls, grpcUrls: listed(values['cluster-grpc']), deadlineMs };
  const program = weaviateServer();
  if (program === undefined) {
    throw new Error(
      'weaviate-server is not installed (docs/weaviate.md says how), and --cluster names no nodes.',
    );
  }
  nodes = await startWeaviate(program, folder, NODES);
  return { urls: nodes.map(({ url }) => url), grpcUrls: nodes.map(({ grpcUrl }) => grpcUrl), deadlineMs };
}

const HEAD = [
  'tiles',
  'dimensions',
  'rows written a second',
  'milliseconds of',
  'p50',
  'p95',
  'p99',
  'nodes',
  'server',
];
const rowsOf = ({ tiles, dimensions, rowsPerSecond, times }: ClusterFigures): string[][] =>
  times.map(({ of, p50Ms, p95Ms, p99Ms, nodesMs, ownMs }, k) => [
    ...(k === 0 ? [tiles.toLocaleString('en'), `${dimensions}`, rowsPerSecond.toFixed(0)] : ['', '', '']),
    of,
    ...[p50Ms, p95Ms, p99Ms, nodesMs, ownMs].map((ms) => (Number.isNaN(ms) ? '–' : ms.toFixed(1))),
  ]);

try {
  const address = await clusterAddress();
  const all: ClusterFigures[] = [];
  for (const dimensions of listed(values.dimensions).map((text) => wholeArgument('dimensions', text)))
    all.push(await clusterFigures(address, { ...options, dimensions, pids: nodes.map(({ pid }) => pid) }));
  const copies = options.replicas === 1 ? 'one copy' : `${options.replicas} copies`;
  const how =
    `${machine()} ${address.urls.length} nodes${nodes.length > 0 ? ' on the same machine' : ''}, ` +
    `${address.urls.length} shards, ${copies} of each object${values.quantise ? ', quantised to 8 bits' : ''}; ` +
    `one request at a time, ${options.rounds} of them; ${all[0]?.engine}. Nodes and server: processor time of each.`;
  const same = all.map(
    ({ dimensions, same, compared }) => `${same} of ${compared} at ${dimensions} dimensions`,
  );
  const text = [
    wrapped(how),
    markdownTable(HEAD, all.flatMap(rowsOf)),
    `The same first place as exact search: ${same.join(', ')}.`,
  ];
  console.log(`\n${text.join('\n\n')}`);
  if (values.write) await writeSection(join(ROOT, 'docs/weaviate.md'), 'bench', text.join('\n\n'));
} finally {
  await Promise.all(nodes.map((node) => node.kill()));
  await rm(folder, { recursive: true, force: true });
}

/** In lines that fit the page. */
function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines[lines.length - 1] as string;
    if (line.length + word.length < COLUMNS) lines[lines.length - 1] = `${line} ${word}`.trim();
    else lines.push(word);
  }
  return lines.join('\n');
}
