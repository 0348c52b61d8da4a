// A server for a long time under everything at once: honest clients, versions that are swapped, and nuisances. Nobody honest
// may fail, memory may not grow, and no descriptor may stay open.
import { setTimeout as pause } from 'node:timers/promises';
import { SkyfixClient, SkyfixProblem } from '../../client/index.js';
import { ChaosServer } from '../chaos/server.js';
import { beNuisances } from './nuisances.js';
import { type Growth, growthOf, medianOf, openDescriptors, residentBytes } from './process-figures.js';
import type { World } from './world.js';

export interface SoakOptions {
  readonly seconds: number;
  /** What memory does in the first seconds is warming up. */
  readonly warmSeconds: number;
  readonly swapEverySeconds: number;
  readonly seed: number;
  readonly onSample?: (second: number, residentMb: number, descriptors: number) => void;
}

export interface SoakReport {
  readonly answered: number;
  /** Of them, how often one was told to come again. */
  readonly refusedForNow: number;
  readonly medianMs: number;
  readonly swaps: number;
  readonly nuisances: Readonly<Record<string, number>>;
  readonly memory: Growth;
  /** Before it began and after it ended, nobody asking. */
  readonly descriptors: { readonly before: number; readonly after: number };
  /** What must not be, apart from memory and descriptors. */
  readonly faults: readonly string[];
}

const SAMPLE_MS = 1_000;
/** Connections that are kept alive close by themselves. */
const QUIET_MS = 20_000;
/** An honest client comes again so often where it is told to. */
const RETRIES = 20;

export async function soak(world: World, options: SoakOptions): Promise<SoakReport> {
  const server = new ChaosServer(world.dataDir, {
    MALLOC_ARENA_MAX: '2', // as the image and the unit of systemd set it
    SKYFIX_UPLOAD_GRACE_MS: '2000',
    // What is measured is whether it lasts, not how fast it is on a machine that others use.
    SKYFIX_BUDGET_MS: '0',
  });
  await server.start();
  try {
    return await soakServer(server, world, options);
  } finally {
    await server.kill();
  }
}

async function soakServer(server: ChaosServer, world: World, options: SoakOptions): Promise<SoakReport> {
  const { seconds, warmSeconds, swapEverySeconds, seed, onSample } = options;
  const faults: string[] = [];
  const honest = openHonest(server.url, world, faults);
  // Twice: what is opened with the first request, and what stays of the first version, is there before anything is counted.
  for (let k = 0; k < 2; k++) {
    await honest.ask();
    await swap(server, world, faults);
  }
  const before = await quietDescriptors(server.pid, Number.POSITIVE_INFINITY);
  const nuisances = await beNuisances(server.url, world.panoramas, seed);
  honest.start();
  const samples: number[] = [];
  let swaps = 0;
  const startedMs = performance.now();
  const passedS = () => (performance.now() - startedMs) / 1000;
  const swapping = (async () => {
    while (server.alive && passedS() + swapEverySeconds < seconds) {
      await pause(swapEverySeconds * 1000);
      await swap(server, world, faults);
      swaps++;
    }
  })();
  while (server.alive && passedS() < seconds) {
    await pause(SAMPLE_MS);
    const bytes = residentBytes(server.pid);
    if (passedS() > warmSeconds) samples.push(bytes);
    onSample?.(passedS(), bytes / 2 ** 20, openDescriptors(server.pid));
  }
  await swapping;
  if (!server.alive) throw new Error('The server ended.');
  await honest.stop();
  await nuisances.stop();
  const after = await quietDescriptors(server.pid, before);
  return {
    ...honest.told(),
    swaps,
    nuisances: nuisances.counts,
    memory: growthOf(samples),
    descriptors: { before, after },
    faults: [...faults, ...nuisances.faults],
  };
}

async function swap(server: ChaosServer, world: World, faults: string[]): Promise<void> {
  await world.swap();
  const status = await server.reload(world.region);
  if (status !== 200) faults.push(`a swap was answered with ${status}`);
}

/** Open descriptors when they have come down to `wanted`, or after a while. */
async function quietDescriptors(pid: number, wanted: number): Promise<number> {
  const deadline = performance.now() + QUIET_MS;
  for (;;) {
    const open = openDescriptors(pid);
    if ((open <= wanted && wanted !== Number.POSITIVE_INFINITY) || performance.now() > deadline) return open;
    if (wanted === Number.POSITIVE_INFINITY) {
      // Until it stands still.
      await pause(SAMPLE_MS);
      if (openDescriptors(pid) === open) return open;
    } else await pause(SAMPLE_MS / 4);
  }
}

/** Two clients that ask for what they know the answer to. */
function openHonest(url: string, { panoramas, region }: World, faults: string[]) {
  const expected = new Map<number, string>();
  const times: number[] = [];
  let [answered, refusedForNow, asked, stopping] = [0, 0, 0, false];
  const counting: typeof fetch = async (url, request) => {
    // Connections that wait for a next request are no leak, and not to be counted as one.
    const headers = { ...(request?.headers as Record<string, string>), connection: 'close' };
    const response = await fetch(url, { ...request, headers });
    if (response.status === 429 || response.status === 503) refusedForNow++;
    return response;
  };
  const client = new SkyfixClient(url, { retries: RETRIES, timeoutMs: 120_000, fetch: counting });
  const ask = async () => {
    const number = asked++ % panoramas.length;
    const image = new Uint8Array(panoramas[number] as Buffer);
    const started = performance.now();
    try {
      const answer = await client.locate(image, { region, headingDeg: 0, top: 1 });
      times.push(performance.now() - started);
      answered++;
      const tile = answer.results[0]?.tile ?? 'none';
      const right = expected.get(number) ?? tile;
      expected.set(number, right);
      if (tile !== right)
        faults.push(`panorama ${number} was at ${right} and is at ${tile} (${answer.indexVersion})`);
    } catch (error) {
      const code = error instanceof SkyfixProblem ? error.code : String(error);
      faults.push(`an honest request failed: ${code}`);
    }
  };
  const askOn = async () => {
    while (!stopping) await ask();
  };
  let asking: Promise<unknown> = Promise.resolve();
  return {
    ask,
    start: () => {
      asking = Promise.all([askOn(), askOn()]);
    },
    stop: async () => {
      stopping = true;
      await asking;
    },
    told: () => ({ answered, refusedForNow, medianMs: medianOf(times) }),
  };
}
