// Load on a running server, and the peer it is compared with: what the benchmarks need of it.
export type { LoadResult } from './drive.js';
export { markdownTable } from './overload.js';
export { type NoPeer, type Peer, type PeerBackend, runPeerProgram, startPeer } from './peer-process.js';
export { median, percentile } from './percentiles.js';
export { processorMsOf } from './processor-time.js';
export { type ServerProcess, startServerProcess } from './server-process.js';
export { demoPanoramas, machine } from './surroundings.js';
export { type Chart, chartSvg } from './svg.js';
export { NO_SERVER, startWeaviate, type WeaviateNode, weaviateServer } from './weaviate-nodes.js';
export { writeSection } from './write-section.js';
