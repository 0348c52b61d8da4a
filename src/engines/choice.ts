// Which engine runs the networks of a process, at which precision: decided once, before any network is opened.

export const ENGINE_KINDS = ['onnxruntime', 'openvino', 'cuda', 'webgpu'] as const;
/** The libraries and devices that run networks; cuda and webgpu are onnxruntime on a GPU. */
export type EngineKind = (typeof ENGINE_KINDS)[number];

/** What numbers are computed in. Tensors are float32 in and out. */
export type Precision = 'f32' | 'bf16' | 'int8';

/** What was asked for: SKYFIX_ENGINE, SKYFIX_PRECISION, SKYFIX_OPENVINO_DIR. */
export interface EngineSettings {
  readonly engine: 'auto' | EngineKind;
  readonly precision: 'auto' | Precision;
  /** Folder with OpenVINO's libraries; where it is given they must be there. */
  readonly openvinoDir?: string | undefined;
}

/** What was chosen for the networks of a process. */
export interface EngineChoice {
  readonly kind: EngineKind;
  /** Of what is computed in; int8 stands for a bundle's quantised networks. */
  readonly precision: Precision;
  /** e.g. "openvino 2026.4.1 cpu" */
  readonly description: string;
  /** OpenVINO's C library. */
  readonly library?: string | undefined;
  /** Where compiled networks are kept between starts; none: they are not. */
  readonly compiledDir?: string | undefined;
  /** Others that may be faster: each network is opened by the one that runs it fastest. */
  readonly alternatives?: readonly EngineChoice[] | undefined;
  /** Nothing was asked for: a network that is there in 8 bits too is run in what is the fastest here, 8 bits or not. */
  readonly anyPrecision?: boolean | undefined;
  /** What would make it faster here, or why what was asked for is not to be had: whole sentences for the log. */
  readonly notes: readonly string[];
}

/** The same engine at another precision; so its alternatives. */
export function atPrecision(choice: EngineChoice, precision: Precision): EngineChoice {
  const alternatives = choice.alternatives?.map((other) => ({ ...other, precision }));
  return { ...choice, precision, ...(alternatives && { alternatives }) };
}

/** The engine for networks that are not to be in 8 bits. */
export const inFloatOf = (choice: EngineChoice): EngineChoice =>
  choice.precision === 'int8' ? atPrecision(choice, 'f32') : choice;

/** e.g. "openvino 2026.4.1 cpu bf16" */
export const nameOfChoice = ({ description, precision }: EngineChoice): string =>
  `${description} ${precision}`;

/** What an engine took for a network when it was chosen. */
export interface EngineTiming {
  /** By nameOfChoice. */
  readonly engine: string;
  /** The best of some runs, milliseconds. */
  readonly ms: number;
}
