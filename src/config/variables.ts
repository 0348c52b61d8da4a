// Every environment variable that a server reads, with type, default, range and meaning: the one table that
// loading, checking and `skyfix serve --help` share.

interface VariableBase {
  readonly name: string;
  readonly help: string;
}
interface IntegerVariable extends VariableBase {
  readonly type: 'integer';
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
}
interface NumberVariable extends VariableBase {
  readonly type: 'number';
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
}
interface StringVariable extends VariableBase {
  readonly type: 'string';
  readonly default: string | undefined;
  readonly pattern?: string;
  readonly choices?: readonly string[];
}
interface ListVariable extends VariableBase {
  readonly type: 'list';
  readonly default: readonly string[];
  /** Each element; also kept out of messages and logs. */
  readonly pattern: string;
  readonly secret: true;
}
export type ConfigVariable = IntegerVariable | NumberVariable | StringVariable | ListVariable;

export const CONFIG_VARIABLES = {
  host: {
    name: 'HOST',
    type: 'string',
    default: '127.0.0.1',
    pattern: '^\\S+$',
    help: 'Address to listen on; 0.0.0.0 for every interface.',
  },
  port: {
    name: 'PORT',
    type: 'integer',
    default: 8080,
    minimum: 0,
    maximum: 65535,
    help: 'Port to listen on; 0 picks a free one.',
  },
  dataDir: {
    name: 'SKYFIX_DATA',
    type: 'string',
    default: 'var/data',
    pattern: '\\S',
    help: 'Folder that holds regions/NAME/...',
  },
  apiKeys: {
    name: 'SKYFIX_API_KEYS',
    type: 'list',
    default: [],
    pattern: '^[\\x21-\\x7e]{16,256}$',
    secret: true,
    help: 'Keys of the admin routes, separated by commas, 16 to 256 characters each; none: the routes are off.',
  },
  defaultRegion: {
    name: 'SKYFIX_DEFAULT_REGION',
    type: 'string',
    default: undefined,
    pattern: '^[a-z0-9-]{1,64}$',
    help: 'Region of requests that name none.',
  },
  maxUploadBytes: {
    name: 'SKYFIX_MAX_UPLOAD_BYTES',
    type: 'integer',
    default: 20_971_520,
    minimum: 1024,
    maximum: 1_073_741_824,
    help: 'Largest image in bytes.',
  },
  maxPixels: {
    name: 'SKYFIX_MAX_PIXELS',
    type: 'integer',
    default: 80_000_000,
    minimum: 1024,
    maximum: 1_000_000_000,
    help: 'Largest image in pixels, before decoding.',
  },
  queueSize: {
    name: 'SKYFIX_QUEUE_SIZE',
    type: 'integer',
    default: 16,
    minimum: 0,
    maximum: 10_000,
    help: 'Requests that may wait beside those being worked on; more get 503.',
  },
  concurrency: {
    name: 'SKYFIX_CONCURRENCY',
    type: 'integer',
    default: 2,
    minimum: 1,
    maximum: 256,
    help: 'Requests worked on at once.',
  },
  threads: {
    name: 'SKYFIX_THREADS',
    type: 'integer',
    default: 0,
    minimum: 0,
    maximum: 256,
    help: 'Threads of each network; 0 lets the engine choose.',
  },
  requestTimeoutMs: {
    name: 'SKYFIX_REQUEST_TIMEOUT_MS',
    type: 'integer',
    default: 15_000,
    minimum: 10,
    maximum: 600_000,
    help: 'Upload, waiting and work together; longer gets 503.',
  },
  stopTimeoutMs: {
    name: 'SKYFIX_STOP_TIMEOUT_MS',
    type: 'integer',
    default: 25_000,
    minimum: 0,
    maximum: 600_000,
    help: 'How long a stop waits for requests in flight.',
  },
  minRecall: {
    name: 'SKYFIX_MIN_RECALL',
    type: 'number',
    default: 0.95,
    minimum: 0,
    maximum: 1,
    help: 'Index versions whose recall@10 against exact search is lower are refused.',
  },
  logLevel: {
    name: 'LOG_LEVEL',
    type: 'string',
    default: 'info',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    help: 'Least severe log line written.',
  },
} as const satisfies Record<string, ConfigVariable>;
