// A server's routes as functions, for Node and browsers: fetch, and nothing else.
import { SkyfixProblem, SkyfixUnreachable } from './errors.js';
import type {
  LocateAnswer,
  LocateFeatures,
  LocateParameters,
  Problem,
  Region,
  RegionFeature,
  SequenceFrame,
  SequenceTrack,
} from './types.js';

export interface ClientOptions {
  /** How often a call that the server refused for now (503, 429) is made again; 3. */
  readonly retries?: number | undefined;
  /** Of a call with all its retries; 60,000. */
  readonly timeoutMs?: number | undefined;
  /** Sent with every call: for reload, and for servers that ask for keys. */
  readonly apiKey?: string | undefined;
  /** Default: the global one. */
  readonly fetch?: typeof fetch | undefined;
  /** Resolves after so many milliseconds, or rejects with the signal's reason; for tests. */
  readonly wait?: ((ms: number, signal: AbortSignal) => Promise<void>) | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly retries?: number | undefined;
  /** Sent as X-Request-Id: the server's log has it. */
  readonly requestId?: string | undefined;
}

/** One panorama of a sequence. */
export interface SequenceImage extends SequenceFrame {
  readonly image: ImageFile;
  /** What its point in the track is called. */
  readonly name?: string | undefined;
}

/** A file of a panorama or photo: JPEG, PNG, WebP, AVIF or TIFF. Node's Buffer is a Uint8Array; of paths see openImage. */
export type ImageFile = Blob | ArrayBuffer | Uint8Array<ArrayBuffer>;

const DEFAULT_RETRIES = 3;
const DEFAULT_TIMEOUT_MS = 60_000;
/** Of a sequence, which is worked on one panorama after the other. */
const MS_A_FRAME = 5_000;
/** Where the server does not say when; doubled each time. */
const FIRST_WAIT_MS = 250;
const RETRIED: readonly number[] = [429, 503];

export class SkyfixClient {
  readonly #url: URL;
  readonly #options: ClientOptions;

  /** `url` is where the server is, with the path in front of its routes where there is one. */
  constructor(url: string | URL, options: ClientOptions = {}) {
    this.#url = new URL(url);
    if (!this.#url.pathname.endsWith('/')) this.#url.pathname += '/';
    this.#options = options;
  }

  /** Throws SkyfixProblem, SkyfixUnreachable, and the signal's reason; a TimeoutError when the time is up. */
  async locate(
    image: ImageFile,
    parameters: LocateParameters = {},
    call: CallOptions = {},
  ): Promise<LocateAnswer> {
    return (await this.#locate(image, parameters, 'application/json', call)) as LocateAnswer;
  }

  /** The same as a GeoJSON FeatureCollection. */
  async locateFeatures(
    image: ImageFile,
    parameters: LocateParameters = {},
    call: CallOptions = {},
  ): Promise<LocateFeatures> {
    return (await this.#locate(image, parameters, 'application/geo+json', call)) as LocateFeatures;
  }

  /**
   * The panoramas of one way located together, in its order; parameters are those of all of them. The server works on them one
   * after the other: allow for it with `timeoutMs`, and see SKYFIX_SEQUENCE_FRAMES for how many it takes. Throws as locate does.
   */
  async locateSequence(
    images: readonly SequenceImage[],
    parameters: Omit<LocateParameters, 'top' | 'include'> = {},
    call: CallOptions = {},
  ): Promise<SequenceTrack> {
    const form = formOf(parameters);
    form.set('frames', JSON.stringify(images.map(({ image: _file, name: _name, ...frame }) => frame)));
    for (const { image, name } of images) form.append('image', blobOf(image), name ?? 'image');
    const timeoutMs = call.timeoutMs ?? Math.max(this.#timeoutMs, images.length * MS_A_FRAME);
    const request = { method: 'POST', body: form, headers: { accept: 'application/geo+json' } };
    return (await this.#json('locate/sequence', request, { ...call, timeoutMs })) as SequenceTrack;
  }

  get #timeoutMs(): number {
    return this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /** What the server can answer for. */
  async regions(call: CallOptions = {}): Promise<readonly Region[]> {
    return ((await this.#json('regions', {}, call)) as { readonly regions: readonly Region[] }).regions;
  }

  /** One region with its outline. */
  async region(name: string, call: CallOptions = {}): Promise<RegionFeature> {
    return (await this.#json(`regions/${encodeURIComponent(name)}`, {}, call)) as RegionFeature;
  }

  /** For map libraries: the region's own imagery, where regions() says that it has a basemap. */
  basemapUrl(name: string): string {
    return new URL(`regions/${encodeURIComponent(name)}/basemap.pmtiles`, this.#url).href;
  }

  /** True when /locate will be answered; false where the server says that it is not ready. */
  async ready(call: CallOptions = {}): Promise<boolean> {
    try {
      await this.#json('readyz', {}, { retries: 0, ...call });
      return true;
    } catch (error) {
      if (error instanceof SkyfixProblem && error.status === 503) return false;
      throw error;
    }
  }

  /** Has the server take up the published version of a region. Needs the option apiKey. */
  async reload(name: string, call: CallOptions = {}): Promise<Region> {
    const path = `admin/regions/${encodeURIComponent(name)}/reload`;
    return (await this.#json(path, { method: 'POST' }, call)) as Region;
  }

  #locate(
    image: ImageFile,
    parameters: LocateParameters,
    accept: string,
    call: CallOptions,
  ): Promise<unknown> {
    const form = formOf(parameters);
    // Last: the server knows all options before the image has come.
    form.set('image', blobOf(image), 'image');
    return this.#json('locate', { method: 'POST', body: form, headers: { accept } }, call);
  }

  /** One call with its retries: the server's answer as JSON. */
  async #json(path: string, request: RequestInit, call: CallOptions): Promise<unknown> {
    const { retries = this.#options.retries ?? DEFAULT_RETRIES, requestId } = call;
    const timeoutMs = call.timeoutMs ?? this.#timeoutMs;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = call.signal ? AbortSignal.any([call.signal, timeout]) : timeout;
    const { apiKey } = this.#options;
    const headers = {
      ...request.headers,
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      ...(requestId !== undefined && { 'x-request-id': requestId }),
    };
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(path, { ...request, headers, signal });
      } catch (error) {
        if (!(error instanceof SkyfixProblem) || !RETRIED.includes(error.status) || attempt >= retries)
          throw error;
        const leastMs = error.retryAfterMs ?? FIRST_WAIT_MS * 2 ** attempt;
        // Clients that were refused together must not come back together.
        await (this.#options.wait ?? waitFor)(leastMs * (1 + Math.random() / 2), signal);
      }
    }
  }

  async #once(path: string, request: RequestInit & { readonly signal: AbortSignal }): Promise<unknown> {
    const url = new URL(path, this.#url).href;
    try {
      const response = await (this.#options.fetch ?? fetch)(url, request);
      if (response.ok) return await response.json();
      throw new SkyfixProblem(response.status, await problemOf(response), retryAfterMs(response.headers));
    } catch (error) {
      if (error instanceof SkyfixProblem) throw error;
      if (request.signal.aborted) throw request.signal.reason;
      throw new SkyfixUnreachable(url, error);
    }
  }
}

function formOf(parameters: LocateParameters): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) form.set(name, String(value));
  }
  return form;
}

const blobOf = (image: ImageFile) => (image instanceof Blob ? image : new Blob([image]));

/** Undefined where it is no problem document. */
async function problemOf(response: Response): Promise<Problem | undefined> {
  if (!/^application\/problem\+json/i.test(response.headers.get('content-type') ?? '')) return undefined;
  return (await response.json().catch(() => undefined)) as Problem | undefined;
}

/** RFC 9110, section 10.2.3: seconds; a date is not what the server sends. */
function retryAfterMs(headers: Headers): number | undefined {
  const text = headers.get('retry-after');
  return text !== null && /^\d+$/.test(text) ? Number(text) * 1000 : undefined;
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
