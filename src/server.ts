// The server: regions opened, application listening, signals wired.
import { availableParallelism } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { buildApp } from './app.js';
import { Canaries, readCanaries } from './canaries/index.js';
import { type Config, clusterOf } from './config/index.js';
import { chooseEngine } from './engines/index.js';
import { SkyfixError } from './errors/index.js';
import { auditLine } from './http/index.js';
import { KeyRing } from './keys/index.js';
import { locate, warmRegion } from './locate/index.js';
import { RegionService } from './regions/index.js';
import { openTraces, type Traces } from './traces/index.js';
import { checkDataFolder, listRegions } from './versions/index.js';

export interface RunningServer {
  /** http://host:port */
  readonly url: string;
  readonly app: FastifyInstance;
  readonly regions: RegionService;
  /** Graceful stop: no new requests, those in flight finish, then networks and indexes close. */
  close(): Promise<void>;
}

/** After the requests were cut, networks and indexes have this long to close. */
const CLOSE_LIMIT_MS = 1_500;

/**
 * Opens the regions and listens. SIGTERM and SIGINT stop it gracefully (a second one ends it at once), SIGHUP
 * reloads every region. Throws CONFIG_INVALID for a default region or canaries that are not there, ENGINE_UNAVAILABLE, and
 * what the data folder, opening the regions or listening throws; then nothing stays open.
 */
export async function startServer(config: Config): Promise<RunningServer> {
  await checkDataFolder(config.dataDir);
  await checkDefaultRegion(config);
  const keys = config.keysFile === undefined ? undefined : await KeyRing.open(config.keysFile);
  const { tracesUrl, tracesShare } = config;
  const traces = tracesUrl === undefined ? undefined : await openTraces(tracesUrl, tracesShare);
  const panoramas = config.canaries === undefined ? [] : await readCanaries(config.canaries);
  const engine = await chooseEngine(config);
  // Until the application with its log is there, they are kept.
  const early: { region: string; error: unknown }[] = [];
  let app: FastifyInstance | undefined;
  const warmedMs = new Map<string, number>();
  const onError = (region: string, error: unknown) => {
    if (!app) early.push({ region, error });
    else app.log.error({ region, err: error }, 'region failed; the others serve');
  };
  const regions = await RegionService.open(config.dataDir, {
    // By itself onnxruntime counts the machine's cores, also where a container or taskset leaves this process few of them.
    threads: config.threads || availableParallelism(),
    minRecall: config.minRecall,
    defaultRegion: config.defaultRegion,
    cluster: clusterOf(config),
    clusterMayBeAway: true,
    engine,
    warm: async (region) => {
      warmedMs.set(region.name, await warmRegion(region));
    },
    onError,
    onPart: (part, death) => {
      if (death) app?.log.error({ part, err: death }, 'a part ended; it is opened again');
      else app?.log.info({ part }, 'a part is there again');
    },
  });
  const canaries = new Canaries({
    panoramas,
    regions,
    locate,
    everyMs: config.canariesEveryS * 1000,
    idle: () => app?.idle() ?? false,
    onFailed: (file, error) => app?.log.warn({ file, err: error }, 'a canary could not be located'),
  });
  try {
    app = await buildApp({ config, regions, keys, traces, warmedMs, canaries: () => canaries.report });
    const url = await app.listen({ host: config.host, port: config.port });
    for (const { region, error } of early) onError(region, error);
    for (const { region, engines } of regions.summaries()) {
      const { notes: _, ...chosen } = engines;
      app.log.info({ region, ...chosen }, 'engines chosen');
    }
    for (const { region, ready, reason } of regions.health()) {
      if (!ready) app.log.warn({ region, reason }, 'a region waits for its cluster; the others serve');
    }
    for (const note of engine.notes) app.log.info({ note }, 'engine');
    app.log.info({ url, regions: regions.names, dataDir: config.dataDir }, 'ready');
    if (panoramas.length > 0) canaries.start();
    watchKeys(app, keys);
    return wireSignals(url, app, { canaries, regions, keys, traces }, config.stopTimeoutMs);
  } catch (error) {
    keys?.close();
    await app?.close();
    await traces?.close();
    await regions.close();
    throw error;
  }
}

/** Where there are regions and it is none of them, it is misspelt. Where there are none yet, it may still come. */
async function checkDefaultRegion({ dataDir, defaultRegion }: Config): Promise<void> {
  const names = await listRegions(dataDir);
  if (defaultRegion === undefined || names.length === 0 || names.includes(defaultRegion)) return;
  throw new SkyfixError(
    'CONFIG_INVALID',
    `SKYFIX_DEFAULT_REGION is ${JSON.stringify(defaultRegion)}; the regions are ${names.join(', ')}.`,
  );
}

interface Parts {
  readonly keys: KeyRing | undefined;
  readonly traces: Traces | undefined;
  readonly regions: RegionService;
  readonly canaries: Canaries;
}

function wireSignals(url: string, app: FastifyInstance, parts: Parts, stopTimeoutMs: number): RunningServer {
  const { regions, keys } = parts;
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= stop(app, parts, stopTimeoutMs).finally(() => {
      process.off('SIGTERM', onStop).off('SIGINT', onStop).off('SIGHUP', onReload);
    });
    return closing;
  };
  const onStop = (signal: NodeJS.Signals) => {
    if (closing) process.exit(1);
    app.log.info({ signal }, 'stopping');
    // Whatever hangs then, whoever stops it must not have to kill it.
    setTimeout(() => {
      app.log.error('networks or indexes do not close');
      process.exit(1);
    }, stopTimeoutMs + CLOSE_LIMIT_MS).unref();
    close().catch((error: unknown) => {
      app.log.error({ err: error }, 'stop failed');
      process.exit(1);
    });
  };
  const onReload = () => {
    void readKeysAgain(app, keys, 'SIGHUP');
    reloadAll(app, regions).catch((error: unknown) => app.log.error({ err: error }, 'reload failed'));
  };
  process.on('SIGTERM', onStop).on('SIGINT', onStop).on('SIGHUP', onReload);
  return { url, app, regions, close };
}

/** Keys that are added or revoked count from the next look at their file on. */
function watchKeys(app: FastifyInstance, keys: KeyRing | undefined): void {
  keys?.watch(() => void readKeysAgain(app, keys, 'the file changed'));
}

/** A file that is broken leaves the keys from before, and says so. */
async function readKeysAgain(app: FastifyInstance, keys: KeyRing | undefined, by: string): Promise<void> {
  if (!keys) return;
  try {
    const changes = await keys.reload();
    app.metrics.keysRead('ok');
    if (Object.values(changes).some((names) => names.length > 0))
      auditLine(app.log, { by, act: 'keys', ...changes, outcome: 'ok' });
  } catch (error) {
    app.metrics.keysRead('refused');
    app.log.error({ err: error }, 'the keys file is refused; the keys from before count on');
    auditLine(app.log, { by, act: 'keys', outcome: error instanceof SkyfixError ? error.code : 'INTERNAL' });
  }
}

/** On SIGHUP nobody waits for an answer: every region's outcome is logged and counted. */
async function reloadAll(app: FastifyInstance, regions: RegionService): Promise<void> {
  app.log.info('reloading every region (SIGHUP)');
  const outcomes = await regions.reloadAll();
  for (const { region, summary, error } of outcomes) {
    app.metrics.reloaded(region, summary ? 'ok' : 'refused');
    const outcome = summary ? 'ok' : error instanceof SkyfixError ? error.code : 'INTERNAL';
    auditLine(app.log, { by: 'SIGHUP', act: 'reload', region, indexVersion: summary?.indexVersion, outcome });
    if (summary) app.log.info({ region, indexVersion: summary.indexVersion }, 'region reloaded');
    else app.log.error({ region, err: error }, 'reload refused; the old version serves');
  }
  const refused = outcomes.filter(({ summary }) => !summary).map(({ region }) => region);
  app.log.info({ regions: regions.names, refused }, 'reloaded');
}

/** After `stopTimeoutMs` the connections that are still open are cut. */
async function stop(
  app: FastifyInstance,
  { regions, canaries, keys, traces }: Parts,
  stopTimeoutMs: number,
): Promise<void> {
  keys?.close();
  const cut = setTimeout(() => {
    app.log.warn({ stopTimeoutMs }, 'requests still in flight are cut');
    app.server.closeAllConnections();
  }, stopTimeoutMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
    await canaries.close();
    await traces?.close();
    await regions.close();
  }
}
