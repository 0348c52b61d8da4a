// OpenVINO's C API (openvino/c/openvino.h), as much of it as a network needs, called through koffi. Every call blocks the
// thread that it is made on, so that this is for threads of their own.
import { readFileSync } from 'node:fs';
import koffi from 'koffi';
import { withFirstOutput } from '../onnx/index.js';
import { type Functions, loadFunctions, type Out, type Pointer, type Status } from './openvino-functions.js';

/** ov_element_type_e */
const F32 = 4;
const DEVICE = 'CPU';

/** What the library said when a call failed. */
export class OpenVinoError extends Error {
  override readonly name = 'OpenVinoError';
}

export interface OpenVinoTensor {
  /** float32 or uint8, as the network takes it. */
  readonly data: Float32Array | Uint8Array;
  readonly shape: readonly number[];
}

/** The library, loaded: it stays so until the process ends. */
export class OpenVino {
  readonly #api: Functions;
  readonly #core: Pointer;
  /** e.g. "2026.4.1-22982-e213a147257-releases/2026/4" */
  readonly build: string;

  /** Throws with a reason where the file is no library for this machine, lacks a function, or does not start. */
  constructor(path: string) {
    this.#api = loadFunctions(path);
    this.build = this.#version();
    this.#core = this.#made('starting OpenVINO', (out) => this.#api.coreCreate(out));
  }

  /** e.g. "2026.4.1" */
  get version(): string {
    return /^\d+(\.\d+)*/.exec(this.build)?.[0] ?? this.build;
  }

  /** What the processor can compute in, as the library names it, e.g. FP32, INT8, BF16, EXPORT_IMPORT. */
  get capabilities(): readonly string[] {
    return this.#deviceProperty('OPTIMIZATION_CAPABILITIES').split(/\s+/).filter(Boolean);
  }

  /** e.g. "AMD EPYC" */
  get deviceName(): string {
    return this.#deviceProperty('FULL_DEVICE_NAME').trim();
  }

  /** Reads and compiles an ONNX file with its first output. Throws OpenVinoError. */
  compile(path: string, properties: Readonly<Record<string, string>>): CompiledNetwork {
    const model = this.#read(path);
    try {
      const pairs = Object.entries(properties).map(([key, value]) => ({ key, value }));
      return this.#network(
        this.#made('compiling', (out) =>
          this.#api.compileModel(this.#core, model, DEVICE, pairs.length, pairs, out),
        ),
      );
    } finally {
      this.#api.modelFree(model);
    }
  }

  /**
   * What CompiledNetwork.export wrote. The network's constants stay where they lie in `content`: it must not change or be
   * transferred. Throws OpenVinoError where it is another library's.
   */
  import(content: Uint8Array): CompiledNetwork {
    const compiled = this.#made('importing', (out) =>
      this.#api.importModel(this.#core, content, content.length, DEVICE, out),
    );
    return this.#network(compiled, content);
  }

  close(): void {
    this.#api.coreFree(this.#core);
  }

  /** The library computes and keeps all outputs that a network has in every run: those that nobody asks for are left out. */
  #read(path: string): Pointer {
    const model = this.#made('reading', (out) => this.#api.readModel(this.#core, path, null, out));
    const outputs: [number] = [0];
    check(this.#api, 'counting outputs', this.#api.modelOutputs(model, outputs));
    if (Number(outputs[0]) <= 1) return model;
    const bytes = withFirstOutput(readFileSync(path));
    const given: Out = [null];
    const status = this.#api.readModelBytes(this.#core, bytes, bytes.length, null, given);
    // What has weights in files beside it cannot be read from memory.
    if (status !== 0 || given[0] === null) return model;
    this.#api.modelFree(model);
    return given[0];
  }

  #network(compiled: Pointer, content?: Uint8Array): CompiledNetwork {
    return new CompiledNetwork(this.#api, compiled, content);
  }

  #made(what: string, call: (out: Out) => Status): Pointer {
    return made(this.#api, what, call);
  }

  #deviceProperty(name: string): string {
    const text = this.#made(`asking for ${name}`, (out) =>
      this.#api.coreProperty(this.#core, DEVICE, name, out),
    );
    return takeText(this.#api, text);
  }

  #version(): string {
    const version: { buildNumber?: Pointer; description?: Pointer } = {};
    check(this.#api, 'asking for the version', this.#api.getVersion(version));
    const build = version.buildNumber ? koffi.decode.string(version.buildNumber) : undefined;
    this.#api.versionFree(version);
    return build ?? 'of unknown version';
  }
}

/** A network, compiled, with the one request that runs it: one at a time. */
export class CompiledNetwork {
  readonly #api: Functions;
  readonly #compiled: Pointer;
  readonly #request: Pointer;
  /** The input's element type, by the library's own numbers, which differ between its versions. */
  readonly #inputType: number;
  /** What it was imported from: the library reads this memory for as long as the network lives, so it is held here. */
  readonly content: Uint8Array | undefined;

  constructor(api: Functions, compiled: Pointer, content?: Uint8Array) {
    this.#api = api;
    this.#compiled = compiled;
    this.content = content;
    this.#request = made(api, 'making a request', (out) => api.createRequest(compiled, out));
    this.#inputType = this.inputs === 1 ? this.#typeOfInput() : F32;
  }

  get inputs(): number {
    return this.#count((out) => this.#api.inputsSize(this.#compiled, out));
  }

  get outputs(): number {
    return this.#count((out) => this.#api.outputsSize(this.#compiled, out));
  }

  /** A property that it was compiled with, e.g. INFERENCE_PRECISION_HINT. */
  property(name: string): string {
    const text = made(this.#api, `asking for ${name}`, (out) =>
      this.#api.compiledProperty(this.#compiled, name, out),
    );
    return takeText(this.#api, text);
  }

  /** Writes it to a file that OpenVino.import reads. */
  export(path: string): void {
    check(this.#api, 'exporting', this.#api.exportModel(this.#compiled, path));
  }

  /**
   * Runs one batch; the result is a copy. The input's own memory is what the library reads, it must stay as it is until
   * this returns. Throws OpenVinoError where the shape does not fit, and works on afterwards.
   */
  run({ data, shape }: OpenVinoTensor): { data: Float32Array<ArrayBuffer>; shape: number[] } {
    const api = this.#api;
    const dimensions = { rank: shape.length, dims: shape };
    const input = made(api, 'taking the input', (out) =>
      api.tensorOf(this.#inputType, dimensions, data, out),
    );
    try {
      const bytes = this.#count((out) => api.tensorBytes(input, out));
      if (bytes !== data.byteLength) {
        throw new OpenVinoError(`the input has ${data.byteLength} bytes; the network takes ${bytes}`);
      }
      check(api, 'taking the input', api.setInput(this.#request, input));
      check(api, 'computing', api.infer(this.#request));
      const output = made(api, 'giving the output', (out) => api.getOutput(this.#request, out));
      try {
        return this.#copyOf(output);
      } finally {
        api.tensorFree(output);
      }
    } finally {
      api.tensorFree(input);
    }
  }

  close(): void {
    this.#api.requestFree(this.#request);
    this.#api.compiledFree(this.#compiled);
  }

  #copyOf(tensor: Pointer): { data: Float32Array<ArrayBuffer>; shape: number[] } {
    const api = this.#api;
    const type: [number] = [0];
    check(api, 'giving the output', api.tensorType(tensor, type));
    if (type[0] !== F32) throw new OpenVinoError('the output is not float32');
    const dimensions: { rank?: bigint | number; dims?: Pointer } = {};
    check(api, 'giving the output', api.tensorShape(tensor, dimensions));
    const shape = Array.from({ length: Number(dimensions.rank ?? 0) }, (_, k) =>
      Number(koffi.decode.int64((dimensions.dims ?? 0n) + BigInt(k * 8))),
    );
    api.shapeFree(dimensions);
    const elements = shape.reduce((product, n) => product * n, 1);
    if (elements === 0) return { data: new Float32Array(0), shape };
    const at = made(api, 'giving the output', (out) => api.tensorData(tensor, out));
    return { data: new Float32Array(koffi.view(at, elements * 4)).slice(), shape };
  }

  #typeOfInput(): number {
    const api = this.#api;
    const port = made(api, 'asking for the input', (out) => api.input(this.#compiled, out));
    try {
      return this.#count((out) => api.portType(port, out));
    } finally {
      api.portFree(port);
    }
  }

  #count(call: (out: [number]) => Status): number {
    const out: [number] = [0];
    check(this.#api, 'counting', call(out));
    return Number(out[0]);
  }
}

function made(api: Functions, what: string, call: (out: Out) => Status): Pointer {
  const out: Out = [null];
  check(api, what, call(out));
  if (out[0] === null) throw new OpenVinoError(`${what} gave nothing`);
  return out[0];
}

function check(api: Functions, what: string, status: Status): void {
  if (status === 0) return;
  throw new OpenVinoError(
    `${what} failed: ${plainMessage(api.lastError() ?? api.errorInfo(status) ?? `status ${status}`)}`,
  );
}

/** The library's own words, without the lines that name its source files. */
export function plainMessage(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const telling = lines.filter(
    (line) => !/^Exception from .*:\d+:?$/.test(line) && !/^Check '.*' failed at .*:\d+:?$/.test(line),
  );
  return (telling.length > 0 ? telling : lines).join(' ').replace(/[.]+$/, '');
}

function takeText(api: Functions, text: Pointer): string {
  const value = koffi.decode.string(text) ?? '';
  api.free(text);
  return value;
}
