// A bundle's networks, running.
import { type Bundle, MOST_AT_ONCE, type NetworkFile, viewSizePx } from '../bundles/index.js';
import type { InferenceEngine } from '../engines/index.js';
import { DEFAULT_ENGINE, type EngineChoice, inFloatOf, openEngine } from '../engines/index.js';
import { SkyfixError } from '../errors/index.js';
import type { LifeEvents } from '../threads/index.js';
import { oneAtATime } from './batches.js';
import { lookOffsets } from './looks.js';
import { SIDES, sideBySide } from './side-by-side.js';
import { type Share, sharesOf, wholeNetworkFile } from './whole-network.js';

export interface Networks {
  /** Absent where the BEV goes straight into the encoder. */
  readonly generator?: InferenceEngine;
  readonly encoder: InferenceEngine;
  /** Both and what lies between them as one, see wholeGraph; where it was asked for, can be had and is not slower. */
  readonly whole?: InferenceEngine;
  close(): Promise<void>;
}

export interface NetworkOptions {
  /** Compute threads of each network. */
  readonly threads: number;
  /** Default: onnxruntime on the CPU. */
  readonly engine?: EngineChoice | undefined;
  /**
   * Tiles are described in float, whatever else is asked for: an index outlives the machine that made it, and what int8 queries
   * lose was measured against such tiles.
   */
  readonly inFloat?: boolean | undefined;
  /** What a network reports its deaths and recoveries to. */
  readonly eventsOf?: ((part: 'generator' | 'encoder') => LifeEvents) | undefined;
  /** Opens both as one, too: for those who answer requests. */
  readonly whole?: boolean;
}

/** Loads a bundle's networks; where one fails the other is closed. Throws PRECISION_UNAVAILABLE, BUNDLE_CORRUPT. */
export async function openNetworks(bundle: Bundle, options: NetworkOptions): Promise<Networks> {
  const { threads, engine: asked = DEFAULT_ENGINE, eventsOf, inFloat = false, whole = false } = options;
  const engine = inFloat ? inFloatOf(asked) : asked;
  const quantised = inFloat ? undefined : bundle.quantised;
  if (engine.precision === 'int8' && !quantised) {
    const { name, version } = bundle.manifest;
    const what = `The bundle ${name}@${version} has no quantised networks, which int8 asks for.`;
    throw new SkyfixError('PRECISION_UNAVAILABLE', what);
  }
  const open = (part: 'generator' | 'encoder', path: string) => {
    const quantisedPath = quantised?.[part];
    const given = { threads, typicalShape: shapeOf(part, bundle.manifest), ...eventsOf?.(part) };
    if (engine.precision !== 'int8') return openEngine(engine, path, { ...given, quantisedPath });
    // Of a bundle's two networks one may be there in float alone.
    return quantisedPath === undefined
      ? openEngine(inFloatOf(engine), path, given)
      : openEngine(engine, quantisedPath, given);
  };
  const opened = await Promise.allSettled([
    open('encoder', bundle.encoderPath),
    ...(bundle.generatorPath ? [open('generator', bundle.generatorPath)] : []),
  ]);
  const engines = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const close = async () => {
    await Promise.all(engines.map((engine) => engine.close()));
  };
  const failed = opened.find((result) => result.status === 'rejected');
  const [encoder, generator] = engines;
  if (failed || !encoder) {
    await close();
    throw failed?.reason ?? new Error('no encoder');
  }
  const joined = whole ? await openWhole(bundle, engines, options, engine, quantised) : undefined;
  const fitted = (file: NetworkFile, engine: InferenceEngine) =>
    bundle.manifest.oneAtATime?.includes(file) ? oneAtATime(engine) : engine;
  return {
    ...(generator ? { generator: fitted('generator.onnx', generator) } : {}),
    encoder: fitted('encoder.onnx', encoder),
    ...(joined && { whole: joined }),
    close: async () => {
      await Promise.all([close(), joined?.close()]);
    },
  };
}

/** Slower by more than timings differ that were not taken in turns. */
const CLEARLY = 1.25;

/** What engines took together for a request when they were timed; 0 where one was not. */
function msOf(engines: readonly InferenceEngine[]): number {
  const best = engines.map(({ timings = [] }) => Math.min(...timings.map(({ ms }) => ms)));
  return best.every(Number.isFinite) ? best.reduce((sum, ms) => sum + ms, 0) : 0;
}

/** Undefined where the networks are not to be had as one, or are faster apart: then they are run one after the other. */
async function openWhole(
  bundle: Bundle,
  apart: readonly InferenceEngine[],
  options: NetworkOptions,
  engine: EngineChoice,
  quantised: Bundle['quantised'],
): Promise<InferenceEngine | undefined> {
  const { geometry, looks } = bundle.manifest;
  const count = lookOffsets(geometry).length;
  // One thread has nobody to wait for; and a pass over the whole view cannot be shared out.
  const shared =
    looks !== 'dense' && options.threads >= SIDES && count >= LEAST_LOOKS && onProcessors(engine);
  const rows = sharesOf(count, shared ? SIDES : 1);
  const opening = rows.map((_, index) => {
    const share = { index, of: rows.length };
    return openShare(
      bundle,
      share,
      { ...options, threads: Math.floor(options.threads / rows.length) },
      engine,
      quantised,
    );
  });
  const opened = await Promise.all(opening.map((side) => side.catch(() => undefined)));
  const sides = opened.filter((side) => side !== undefined);
  const apartMs = msOf(apart);
  // Sides compute at the same time.
  const slowestMs = Math.max(...sides.map((side) => msOf([side])));
  if (sides.length === rows.length && (apartMs === 0 || slowestMs <= apartMs * CLEARLY)) {
    return rows.length === 1 ? sides[0] : sideBySide(sides, rows);
  }
  await Promise.all(sides.map((side) => side.close()));
  return undefined;
}

/** Fewer looks are described before the threads have met. */
const LEAST_LOOKS = 8;

/** Of a GPU there is one. */
const onProcessors = ({ kind, alternatives = [] }: EngineChoice): boolean =>
  [kind, ...alternatives.map((each) => each.kind)].every(
    (each) => each === 'onnxruntime' || each === 'openvino',
  );

async function openShare(
  bundle: Bundle,
  share: Share,
  { threads, eventsOf }: NetworkOptions,
  engine: EngineChoice,
  quantised: Bundle['quantised'],
): Promise<InferenceEngine | undefined> {
  const path = await wholeNetworkFile(bundle, undefined, share);
  if (path === undefined) return undefined;
  const quantisedPath =
    quantised && (await wholeNetworkFile(inEightBits(bundle, quantised), undefined, share));
  const inInt8 = engine.precision === 'int8';
  if (inInt8 && quantisedPath === undefined) return undefined;
  const view = viewSizePx(bundle.manifest.geometry);
  const given = {
    threads,
    typicalShape: [1, view, view, 3],
    takesBytes: true,
    // Whoever wants the view has it from one side.
    secondOutput: share.index === 0,
    ...eventsOf?.('encoder'),
  };
  return inInt8
    ? openEngine(engine, quantisedPath ?? path, given)
    : openEngine(engine, path, { ...given, quantisedPath });
}

/** A bundle whose networks are those in 8 bits, as far as it has them. */
function inEightBits(bundle: Bundle, quantised: NonNullable<Bundle['quantised']>): Bundle {
  const { encoder: encoderPath = bundle.encoderPath, generator: generatorPath = bundle.generatorPath } =
    quantised;
  return { ...bundle, encoderPath, ...(generatorPath !== undefined && { generatorPath }) };
}

/** What a request gives a network. */
function shapeOf(
  part: 'generator' | 'encoder',
  { geometry, looks, oneAtATime: single }: Bundle['manifest'],
): number[] {
  const view = viewSizePx(geometry);
  if (part === 'generator' || looks === 'dense') return [1, 3, view, view];
  const count = single?.includes('encoder.onnx') ? 1 : Math.min(MOST_AT_ONCE, lookOffsets(geometry).length);
  return [count, 3, geometry.inputSizePx, geometry.inputSizePx];
}
