// From what was asked for and what is there to the engine that runs a process's networks.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkyfixError } from '../errors/index.js';
import { userCacheFolder } from '../files/index.js';
import type { EngineChoice, EngineSettings } from './choice.js';
import { choosePrecision, hasBfloat16 } from './choose-precision.js';
import { DEFAULT_ENGINE, onnxChoice } from './onnx-engine.js';
import { findOpenVino, OPENVINO_VERSION, openvinoFolders } from './openvino-library.js';
import { probeEngine } from './probe-engine.js';
import { keptProbe } from './probe-memory.js';
import type { ProbeOutcome } from './probe-question.js';

/** What the choice stands on; tests put their own machine here. */
export interface Machine {
  readonly probe: typeof probeEngine;
  /** Where OpenVINO is looked for, the first first. */
  readonly openvinoFolders: readonly string[];
  readonly compiledDir: string;
  /** Flags of the processor as Linux lists them; empty where that is not known. */
  cpuFlags(): Promise<readonly string[]>;
}

const SETUP_OPENVINO = '"npm run setup:openvino" installs it';

function thisMachine(): Machine {
  const cache = userCacheFolder();
  return {
    probe: keptProbe(join(cache, 'probes'), probeEngine),
    openvinoFolders: openvinoFolders(),
    compiledDir: join(cache, 'compiled'),
    cpuFlags: async () => {
      const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
      return /^flags\s*:\s*(.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
    },
  };
}

/**
 * The engine for these settings. "auto" is OpenVINO where it is there and works, else onnxruntime on the CPU. Throws
 * ENGINE_UNAVAILABLE where what was named, or the folder that was named, is not to be had.
 */
export async function chooseEngine(
  settings: EngineSettings,
  machine: Machine = thisMachine(),
): Promise<EngineChoice> {
  switch (settings.engine) {
    case 'openvino':
      return openvinoOr(settings, machine, (why) => {
        throw unavailable(`OpenVINO ${why}`);
      });
    case 'auto':
      return withAlternative(settings, machine, (why, found) => {
        if (settings.openvinoDir !== undefined) throw unavailable(`OpenVINO ${why}`);
        const note = found
          ? `OpenVINO ${why}.`
          : `OpenVINO may be faster: ${SETUP_OPENVINO}, and the faster one runs each network.`;
        return onnxruntime(settings, [note]);
      });
    case 'onnxruntime':
      return onnxruntime(settings, []);
    case 'cuda':
    case 'webgpu': {
      const outcome = await machine.probe({ kind: settings.engine });
      if (failed(outcome))
        throw unavailable(`${GPU_NAMES[settings.engine]} cannot be used: ${outcome.failed}`);
      return { ...onnxChoice(settings.engine), notes: choosePrecision(settings.precision, 'a GPU').notes };
    }
  }
}

/** Which of the two is faster is for each network to show; bf16 halves the work, and onnxruntime has none. */
async function withAlternative(...given: Parameters<typeof openvinoOr>): Promise<EngineChoice> {
  const choice = await openvinoOr(...given);
  const [settings] = given;
  return choice.kind === 'openvino' && choice.precision !== 'bf16'
    ? { ...choice, alternatives: [onnxruntime(settings, [])] }
    : choice;
}

const GPU_NAMES = { cuda: 'The CUDA provider of onnxruntime', webgpu: 'The WebGPU provider of onnxruntime' };

function onnxruntime({ precision }: EngineSettings, notes: readonly string[]): EngineChoice {
  const chosen = choosePrecision(precision, 'onnxruntime');
  return {
    ...DEFAULT_ENGINE,
    precision: chosen.precision,
    ...(precision === 'auto' && { anyPrecision: true }),
    notes: [...notes, ...chosen.notes],
  };
}

/** OpenVINO, or what `otherwise` makes of why not; `found`: its library is there. */
async function openvinoOr(
  { openvinoDir, precision }: EngineSettings,
  machine: Machine,
  otherwise: (why: string, found: boolean) => EngineChoice,
): Promise<EngineChoice> {
  const library = await firstLibrary(openvinoDir === undefined ? machine.openvinoFolders : [openvinoDir]);
  if (library === undefined) {
    const where =
      openvinoDir === undefined
        ? `${machine.openvinoFolders[0]}; ${SETUP_OPENVINO}`
        : `SKYFIX_OPENVINO_DIR ${openvinoDir}`;
    return otherwise(`has no library in ${where}`, false);
  }
  const outcome = await machine.probe({ kind: 'openvino', library });
  if (failed(outcome)) return otherwise(`cannot be used from ${library}: ${outcome.failed}`, true);
  const { version, capabilities } = outcome;
  const bfloat16 = hasBfloat16(await machine.cpuFlags(), capabilities);
  const chosen = choosePrecision(precision, 'openvino', bfloat16);
  const untried =
    version === OPENVINO_VERSION ? [] : [`OpenVINO ${version} was not tried; ${OPENVINO_VERSION} was.`];
  return {
    kind: 'openvino',
    precision: chosen.precision,
    description: `openvino ${version} cpu`,
    library,
    compiledDir: machine.compiledDir,
    ...(precision === 'auto' && { anyPrecision: true }),
    notes: [...untried, ...chosen.notes],
  };
}

async function firstLibrary(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const library = await findOpenVino(folder);
    if (library !== undefined) return library;
  }
  return undefined;
}

const failed = (outcome: ProbeOutcome): outcome is { readonly failed: string } => 'failed' in outcome;

const unavailable = (what: string) =>
  new SkyfixError('ENGINE_UNAVAILABLE', `${what.replace(/[\s.]+$/, '')}.`);
