// Every environment variable that a server reads, with type, default, range and meaning: the one table that
// loading, checking and `skyfix serve --help` share.

interface VariableBase {
  readonly name: string;
  readonly help: string;
}
interface NumericVariable extends VariableBase {
  readonly type: 'integer' | 'number';
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
  /** Each element. */
  readonly pattern: string;
  /** Kept out of messages and logs. */
  readonly secret?: true;
}
export type ConfigVariable = NumericVariable | StringVariable | ListVariable;

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
  keysFile: {
    name: 'SKYFIX_KEYS_FILE',
    type: 'string',
    default: undefined,
    pattern: '\\S',
    help: 'File of "skyfix keys": from then on /locate, /regions, /metrics and the admin routes ask for a key. Unset: none.',
  },
  keysLoopback: {
    name: 'SKYFIX_KEYS_LOOPBACK',
    type: 'string',
    default: 'keyed',
    choices: ['keyed', 'open'],
    help: 'open: who asks from this machine itself needs a key for the admin routes only, and has no rate limit.',
  },
  requestsPerMinute: {
    name: 'SKYFIX_REQUESTS_PER_MINUTE',
    type: 'integer',
    default: 0,
    minimum: 0,
    maximum: 1_000_000,
    help: 'Panoramas that one key, or one address without a key, may send a minute; more get 429; 0: no limit.',
  },
  defaultRegion: {
    name: 'SKYFIX_DEFAULT_REGION',
    type: 'string',
    default: undefined,
    pattern: '^[a-z0-9-]{1,64}$',
    help: 'Region of requests that name none; unset: the one that was published first.',
  },
  // --- a search cluster ---
  weaviateUrls: {
    name: 'SKYFIX_WEAVIATE_URLS',
    type: 'list',
    default: [],
    pattern: '^https?://[^\\s/]+/?$',
    help: 'REST addresses of Weaviate nodes, which search the versions that were published to them; none: no cluster.',
  },
  weaviateGrpcUrls: {
    name: 'SKYFIX_WEAVIATE_GRPC_URLS',
    type: 'list',
    default: [],
    pattern: '^https?://[^\\s/]+/?$',
    help: 'gRPC addresses of the same nodes in the same order; none: port 50051 of the same hosts.',
  },
  weaviateApiKey: {
    name: 'SKYFIX_WEAVIATE_API_KEY',
    type: 'string',
    default: undefined,
    help: 'API key of the cluster.',
  },
  weaviateDeadlineMs: {
    name: 'SKYFIX_WEAVIATE_DEADLINE_MS',
    type: 'integer',
    default: 2_000,
    minimum: 10,
    maximum: 600_000,
    help: 'How long a question to the cluster may take, all nodes tried together.',
  },
  weaviateCacheBytes: {
    name: 'SKYFIX_WEAVIATE_CACHE_BYTES',
    type: 'integer',
    default: 268_435_456,
    minimum: 1_048_576,
    maximum: 1_099_511_627_776,
    help: 'Descriptors from the cluster that are kept, in bytes, a region.',
  },
  // --- uploads ---
  maxUploadBytes: {
    name: 'SKYFIX_MAX_UPLOAD_BYTES',
    type: 'integer',
    default: 67_108_864,
    minimum: 1024,
    maximum: 1_073_741_824,
    help: 'Largest image in bytes.',
  },
  maxPixels: {
    name: 'SKYFIX_MAX_PIXELS',
    type: 'integer',
    default: 200_000_000,
    minimum: 1024,
    maximum: 1_000_000_000,
    help: 'Largest image in pixels, before decoding.',
  },
  uploads: {
    name: 'SKYFIX_UPLOADS',
    type: 'integer',
    default: 128,
    minimum: 1,
    maximum: 100_000,
    help: 'Uploads under way at once; more get 503, unless slow ones give way.',
  },
  uploadsPerAddress: {
    name: 'SKYFIX_UPLOADS_PER_ADDRESS',
    type: 'integer',
    default: 32,
    minimum: 1,
    maximum: 100_000,
    help: 'Uploads under way at once from one address (IPv6: one /64); more get 429.',
  },
  uploadsPerKey: {
    name: 'SKYFIX_UPLOADS_PER_KEY',
    type: 'integer',
    default: 32,
    minimum: 1,
    maximum: 100_000,
    help: 'The same of one key, which then counts instead of the address.',
  },
  uploadMemoryBytes: {
    name: 'SKYFIX_UPLOAD_MEMORY_BYTES',
    type: 'integer',
    default: 536_870_912,
    minimum: 66_560,
    maximum: 1_099_511_627_776,
    help: 'Bytes of all uploads in memory, from the first byte to the answer; more get 503.',
  },
  uploadMinBytesPerSecond: {
    name: 'SKYFIX_UPLOAD_MIN_BYTES_PER_SECOND',
    type: 'integer',
    default: 8192,
    minimum: 0,
    maximum: 1_073_741_824,
    help: 'An upload that is slower over one grace time gets 408; 0: any byte will do.',
  },
  uploadGraceMs: {
    name: 'SKYFIX_UPLOAD_GRACE_MS',
    type: 'integer',
    default: 5_000,
    minimum: 10,
    maximum: 600_000,
    help: 'How long an upload may stand still.',
  },
  uploadTimeoutMs: {
    name: 'SKYFIX_UPLOAD_TIMEOUT_MS',
    type: 'integer',
    default: 120_000,
    minimum: 10,
    maximum: 3_600_000,
    help: 'Longest upload; longer gets 408.',
  },
  // --- sequences ---
  sequences: {
    name: 'SKYFIX_SEQUENCES',
    type: 'integer',
    default: 2,
    minimum: 1,
    maximum: 10_000,
    help: 'Sequences at once, from upload to answer; more get 503.',
  },
  sequenceFrames: {
    name: 'SKYFIX_SEQUENCE_FRAMES',
    type: 'integer',
    default: 100,
    minimum: 1,
    maximum: 1000,
    help: 'Panoramas in one sequence.',
  },
  sequenceBytes: {
    name: 'SKYFIX_SEQUENCE_BYTES',
    type: 'integer',
    default: 134_217_728,
    minimum: 1024,
    maximum: 1_099_511_627_776,
    help: 'Bytes of all panoramas of a sequence; SKYFIX_UPLOAD_MEMORY_BYTES bounds it too.',
  },
  // --- connections ---
  connections: {
    name: 'SKYFIX_CONNECTIONS',
    type: 'integer',
    default: 1_000,
    minimum: 1,
    maximum: 1_000_000,
    help: 'Open connections; beyond, those without a request in progress are closed, oldest first.',
  },
  connectionsPerAddress: {
    name: 'SKYFIX_CONNECTIONS_PER_ADDRESS',
    type: 'integer',
    default: 250,
    minimum: 1,
    maximum: 1_000_000,
    help: 'The same of one address; trusted proxies are exempt.',
  },
  trustedProxies: {
    name: 'SKYFIX_TRUSTED_PROXIES',
    type: 'list',
    default: [],
    pattern: '^[0-9A-Fa-f:.]{2,45}(/[0-9]{1,3})?$',
    help: 'Addresses (or CIDR blocks) whose X-Forwarded-For is believed, separated by commas.',
  },
  corsOrigins: {
    name: 'SKYFIX_CORS_ORIGINS',
    type: 'list',
    default: [],
    pattern: '^(\\*|https?://[^\\s/,]+)$',
    help: 'Web origins whose pages may call this server, separated by commas; * for all. Unset: none.',
  },
  // --- the page ---
  ui: {
    name: 'SKYFIX_UI',
    type: 'string',
    default: 'on',
    choices: ['on', 'off'],
    help: 'The page with the map at GET /.',
  },
  uiStyle: {
    name: 'SKYFIX_UI_STYLE',
    type: 'string',
    default: undefined,
    pattern: '^https?://[^\\s;,]+$',
    help: "URL of a MapLibre style that is the page's map; unset: the region's own imagery.",
  },
  uiOrigins: {
    name: 'SKYFIX_UI_ORIGINS',
    type: 'list',
    default: [],
    pattern: '^https?://[^\\s/;,]+$',
    help: "Other web origins of that style's tiles, glyphs and sprites, separated by commas; its own is allowed.",
  },
  // --- work ---
  budgetMs: {
    name: 'SKYFIX_BUDGET_MS',
    type: 'integer',
    default: 180,
    minimum: 0,
    maximum: 600_000,
    help: 'Milliseconds from upload to answer; what would take longer behind others gets 503 at once; 0: no budget.',
  },
  queueSize: {
    name: 'SKYFIX_QUEUE_SIZE',
    type: 'integer',
    default: 16,
    minimum: 0,
    maximum: 10_000,
    help: 'Requests that may wait beside those being worked on, whatever the budget; more get 503.',
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
    help: 'Threads of each network; 0: as many as there are cores for this process.',
  },
  engine: {
    name: 'SKYFIX_ENGINE',
    type: 'string',
    default: 'auto',
    choices: ['auto', 'onnxruntime', 'openvino', 'cuda', 'webgpu'],
    help: 'What runs the networks; auto: OpenVINO where "npm run setup:openvino" has put it, else onnxruntime.',
  },
  precision: {
    name: 'SKYFIX_PRECISION',
    type: 'string',
    default: 'auto',
    choices: ['auto', 'f32', 'bf16', 'int8'],
    help: 'What they compute in; auto: bf16 where engine and processor have it, else f32.',
  },
  openvinoDir: {
    name: 'SKYFIX_OPENVINO_DIR',
    type: 'string',
    default: undefined,
    pattern: '\\S',
    help: "Folder of OpenVINO's libraries; unset: the user cache folder.",
  },
  requestTimeoutMs: {
    name: 'SKYFIX_REQUEST_TIMEOUT_MS',
    type: 'integer',
    default: 15_000,
    minimum: 10,
    maximum: 600_000,
    help: 'Waiting and work after the upload; longer gets 503.',
  },
  stopTimeoutMs: {
    name: 'SKYFIX_STOP_TIMEOUT_MS',
    type: 'integer',
    default: 8_000,
    minimum: 0,
    maximum: 600_000,
    help: 'How long a stop waits for requests in flight (docker stop kills after 10 s).',
  },
  minRecall: {
    name: 'SKYFIX_MIN_RECALL',
    type: 'number',
    default: 0.95,
    minimum: 0,
    maximum: 1,
    help: 'Index versions whose recall@10 against exact search is lower are refused.',
  },
  // --- confidence ---
  locatedProbability: {
    name: 'SKYFIX_LOCATED_PROBABILITY',
    type: 'number',
    default: 0.7,
    minimum: 0,
    maximum: 1,
    help: 'An answer is "located" where its best place has at least this probability; below, "ambiguous".',
  },
  insideProbability: {
    name: 'SKYFIX_INSIDE_PROBABILITY',
    type: 'number',
    default: 0.5,
    minimum: 0,
    maximum: 1,
    help: 'It is "not in this region" where the camera stood inside with less than this.',
  },
  seenShare: {
    name: 'SKYFIX_SEEN_SHARE',
    type: 'number',
    default: 0.1,
    minimum: 0,
    maximum: 1,
    help: 'An image is unusable that shows less than this share of the ground around the camera.',
  },
  textureSpread: {
    name: 'SKYFIX_TEXTURE_SPREAD',
    type: 'number',
    default: 2,
    minimum: 0,
    maximum: 255,
    help: "It is, too, where the ground's grey values differ by less (standard deviation, of 255).",
  },
  canaries: {
    name: 'SKYFIX_CANARIES',
    type: 'string',
    default: undefined,
    pattern: '\\S',
    help: 'Folder with located panoramas and their list (one .csv: file,lon,lat) that the server asks itself. Unset: none.',
  },
  canariesEveryS: {
    name: 'SKYFIX_CANARIES_EVERY_S',
    type: 'integer',
    default: 300,
    minimum: 1,
    maximum: 86_400,
    help: 'Seconds from one round of canaries to the next; each waits until no client is being answered.',
  },
  tracesUrl: {
    name: 'SKYFIX_TRACES_URL',
    type: 'string',
    default: undefined,
    pattern: '^https?://\\S+$',
    help: 'OTLP/HTTP address for traces, such as http://127.0.0.1:4318/v1/traces. Unset: none.',
  },
  tracesShare: {
    name: 'SKYFIX_TRACES_SHARE',
    type: 'number',
    default: 1,
    minimum: 0,
    maximum: 1,
    help: 'Share of the requests that are traced where the caller (traceparent) does not decide it.',
  },
  logPositions: {
    name: 'SKYFIX_LOG_POSITIONS',
    type: 'string',
    default: 'off',
    choices: ['on', 'off'],
    help: 'on: the log line of an answer has its best place. Only where those who send panoramas agree.',
  },
  logLevel: {
    name: 'LOG_LEVEL',
    type: 'string',
    default: 'info',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    help: 'Least severe log line written.',
  },
} as const satisfies Record<string, ConfigVariable>;

/** Variables that other parts of skyfix read, so that a server does not take them for misspelt ones. */
export const OTHER_VARIABLES = [
  'SKYFIX_CACHE',
  'SKYFIX_DEVICE',
  'SKYFIX_KERNELS',
  'SKYFIX_PYTHON',
  'SKYFIX_TENSORBOARD_PYTHON',
  'SKYFIX_TEST_BROWSER',
] as const;
