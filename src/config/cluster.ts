// The search cluster that the configuration names.
import type { Config } from './load.js';

/** Undefined where none is named. */
export function clusterOf(config: Config) {
  const { weaviateUrls: urls, weaviateGrpcUrls: grpcUrls, weaviateApiKey: apiKey } = config;
  const { weaviateDeadlineMs: deadlineMs, weaviateCacheBytes: cacheBytes } = config;
  const { weaviateDescriptors: descriptors } = config;
  return urls.length === 0 ? undefined : { urls, grpcUrls, apiKey, deadlineMs, cacheBytes, descriptors };
}
