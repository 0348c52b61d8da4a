// npm run test:cluster: three Weaviate nodes on loopback, three copies of each object. Imports, asks, kills a node, switches the
// alias under load, kills all nodes during an import; then the same to a server that is asked over HTTP.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toolArguments, wrongArgument } from '../../cli/index.js';
import { startWeaviate, type WeaviateNode } from '../../loadtest/index.js';
import type { Note } from './load.js';
import { SEARCHED, searchCluster } from './searched.js';
import { serveFromCluster } from './served.js';
import { installedServer } from './server.js';

const HELP = `npm run test:cluster -- [options]
Three Weaviate nodes on loopback: what a search and a server lose while nodes die. Weaviate is built where it is not
installed; without Go nothing is done. Exit status 1 where an answer was wrong or a tile was lost.
  --only search|server   one part alone`;

const { values } = toolArguments(HELP, { only: { type: 'string', default: '' } });
if (!['', 'search', 'server'].includes(values.only)) {
  wrongArgument(`--only has "${values.only}"; there are search and server.`);
}
const program = await installedServer().catch((error: Error) => {
  console.log(`skipped: ${error.message}`);
  process.exit(0);
});
const folder = await mkdtemp(join(tmpdir(), 'skyfix-cluster-'));
let nodes: WeaviateNode[] = [];
let faults = 0;
let ended = false;
const began = performance.now();
const note: Note = (what, result) => {
  const { right = '–', wrong = '–', refused = '–', medianMs, slowestMs, lost = '–', seconds } = result;
  faults += Number(result.wrong ?? 0) + Number(result.lost ?? 0);
  const ms = (value?: number) => (value === undefined || Number.isNaN(value) ? '–' : value.toFixed(0));
  const cells = [what, right, wrong, refused, ms(medianMs), ms(slowestMs), lost, seconds?.toFixed(0) ?? '–'];
  console.log(`| ${cells.join(' | ')} |`);
};

try {
  nodes = await startWeaviate(program, folder, 3);
  const address = { urls: nodes.map(({ url }) => url), grpcUrls: nodes.map(({ grpcUrl }) => grpcUrl) };
  console.log(`${values.only === 'server' ? '' : `${SEARCHED}, `}3 nodes, 3 shards, 3 copies\n`);
  console.log('| what happens | right | wrong | refused | median ms | slowest ms | lost | seconds |');
  console.log('|---|---|---|---|---|---|---|---|');
  if (values.only !== 'server') {
    await searchCluster(nodes, address, note);
    // Most of them are gone by then; one alone has no majority to start with.
    await Promise.all(nodes.map((node) => node.kill()));
    await Promise.all(nodes.map((node) => node.start()));
  }
  if (values.only !== 'search') await serveFromCluster(folder, nodes, address, note);
  ended = true;
} finally {
  await Promise.all(nodes.map((node) => node.kill()));
  // The nodes' logs say why one did not answer.
  if (ended && faults === 0) await rm(folder, { recursive: true, force: true });
  else console.log(`\nthe nodes' data and logs stay in ${folder}`);
}
console.log(`\n${((performance.now() - began) / 1000).toFixed(0)} s, ${faults} wrong answers and lost tiles`);
process.exit(faults === 0 ? 0 : 1);
