// Publishing to a Weaviate cluster: its options.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { WeaviateTarget } from '../../index/index.js';
import { clusterOf, loadConfig } from '../../src/config/index.js';
import { SkyfixError } from '../../src/errors/index.js';
import type { StageProgress } from '../shared/progress.js';
import { parseUrl } from '../shared/server-address.js';
import { whole } from './build-options.js';

export interface WeaviateFlags {
  readonly engine: 'memory' | 'weaviate';
  readonly cluster?: readonly string[];
  readonly clusterGrpc?: readonly string[];
  readonly replicas: number;
  readonly shards?: number;
  readonly quantise?: boolean;
}

const urls = (text: string): readonly string[] => text.split(',').map((part) => parseUrl(part.trim()));
const copies = (text: string): number => {
  const value = whole(text);
  if (value < 1) throw new InvalidArgumentError('It must be over 0.');
  return value;
};

export function addWeaviateOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--engine <name>', 'what searches it: each server in its memory, or a Weaviate cluster')
        .choices(['memory', 'weaviate'])
        .default('memory'),
    )
    .option('--cluster <urls>', 'its nodes, separated by commas (default: SKYFIX_WEAVIATE_URLS)', urls)
    .option('--cluster-grpc <urls>', 'their gRPC addresses (default: SKYFIX_WEAVIATE_GRPC_URLS)', urls)
    .option('--replicas <n>', 'copies of each object in the cluster', copies, 3)
    .option('--shards <n>', 'parts of the collection (default: as many as there are nodes)', copies)
    .option('--quantise', 'have the cluster search among vectors of 8 bits; scores stay exact');
}

/** Undefined where each server searches. Throws CONFIG_INVALID where no cluster is named. */
export function weaviateOf(
  flags: WeaviateFlags,
  progress: Pick<StageProgress, 'update' | 'clear'>,
): WeaviateTarget | undefined {
  if (flags.engine !== 'weaviate') return undefined;
  const known = clusterOf(loadConfig(process.env));
  const { cluster = known?.urls, clusterGrpc = flags.cluster ? [] : known?.grpcUrls, replicas } = flags;
  if (!cluster) {
    throw new SkyfixError(
      'CONFIG_INVALID',
      'No Weaviate node is named: use --cluster or SKYFIX_WEAVIATE_URLS.',
    );
  }
  const { weaviateApiKey: apiKey, weaviateDeadlineMs: deadlineMs } = loadConfig(process.env);
  const address = { urls: cluster, grpcUrls: clusterGrpc, apiKey, deadlineMs: Math.max(10_000, deadlineMs) };
  const { shards = cluster.length, quantise } = flags;
  const onNote = (text: string) => {
    progress.clear();
    console.error(`Note: ${text}.`);
  };
  const told = { onProgress: progress.update, onNote };
  return { address, replicas, shards, ...told, ...(quantise && { quantiseBits: 8 }) };
}
