// npm run bench: decoding, BEV, networks, a whole request, and the peer's, on the demo area.
import { availableParallelism } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toolArguments, wholeArgument } from '../cli/index.js';
import {
  demoPanoramas,
  machine,
  type Peer,
  startPeer,
  startServerProcess,
  writeSection,
} from '../loadtest/index.js';
import { networkTable } from './network-times.js';
import { pixelTable } from './pixel-steps.js';
import { type Contestant, requestTable, requestTimes } from './requests.js';
import { servedIndex } from './served-index.js';
import { stepTable } from './step-times.js';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const BACKENDS = { openvino: 'FastAPI + OpenVINO + faiss', torch: 'FastAPI + PyTorch + faiss' } as const;

const HELP = `npm run bench -- [options] [BUNDLE...]
What decoding, the BEV, the networks of BUNDLEs and a whole request take, and the peer's, where SKYFIX_PYTHON names a Python that
has its packages.
  --served BUNDLE   whose networks answer requests, default models/small-town
  --rounds N        3 or more, default 25
  --write           puts the tables into docs/performance.md`;

const { values, positionals } = toolArguments(
  HELP,
  {
    rounds: { type: 'string', default: '25' },
    served: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
  { positionals: true },
);
const rounds = wholeArgument('rounds', values.rounds, undefined, 3);
interface Engine {
  readonly name: string;
  readonly precision: string;
}
const threads = availableParallelism();
const bundleDir = resolve(values.served ?? join(ROOT, 'models/small-town'));
// Full-size networks take minutes for a tile every 64 m: there one search more or less is no part of a request that counts.
const served = { bundleDir, indexDir: await servedIndex(ROOT, bundleDir, values.served ? 64 : 16) };

const panoramas = await demoPanoramas(join(ROOT, 'demo/panoramas'));
const out: string[] = [];
const say = (text: string) => {
  out.push(text);
  console.log(`${text}\n`);
};

say(machine());
say(`Milliseconds, ${rounds} rounds; processor: of all threads together, an answer.`);
say('A panorama of 2048 × 1024 pixels:');
say(await pixelTable(panoramas[0] as Buffer, rounds, ROOT));
say(`Networks, ${threads} threads:`);
const folders = positionals.length > 0 ? positionals : [bundleDir];
say((await networkTable(folders, { rounds, threads })).replaceAll(`${ROOT}/`, ''));

const stops: (() => Promise<void>)[] = [];
try {
  const server = await startServerProcess(ROOT, served.indexDir);
  stops.push(server.stop);
  const contestants: Contestant[] = [
    { name: `skyfix (${await enginesOf(server.url)})`, url: server.url, pid: server.pid },
  ];
  const missing: string[] = [];
  for (const [backend, name] of Object.entries(BACKENDS)) {
    const peer = await startPeer(ROOT, backend as keyof typeof BACKENDS, threads, served);
    if ('why' in peer) missing.push(peer.why);
    else {
      stops.push(peer.stop);
      contestants.push({ name, ...addressOf(peer) });
    }
  }
  say('A whole request by HTTP, panoramas of 1024 × 512 pixels, the contestants taking turns:');
  say(requestTable(contestants, await requestTimes(contestants, panoramas, rounds)));
  for (const why of missing) console.log(`${why}\n`);
  say("Where the time of skyfix' request goes:");
  say(await stepTable(server.url, panoramas, rounds));
} finally {
  for (const stop of stops) await stop();
}
if (values.write) {
  const section = values.served ? 'bench-served' : 'bench';
  await writeSection(join(ROOT, 'docs/performance.md'), section, out.join('\n\n'));
}

/** What runs the networks of the one region. */
async function enginesOf(url: string): Promise<string> {
  const { regions } = (await (await fetch(`${url}/regions`)).json()) as {
    regions: readonly { engines: Readonly<Record<'generator' | 'encoder', Engine | null>> }[];
  };
  const { generator, encoder } = regions[0]?.engines ?? { generator: null, encoder: null };
  const names = [generator, encoder].flatMap((engine) =>
    engine ? [`${engine.name} ${engine.precision}`] : [],
  );
  return [...new Set(names)].join(', ');
}

function addressOf({ url, pid }: Peer) {
  return { url, pid };
}
