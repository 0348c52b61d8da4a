// The one table of everything that can go wrong for a caller: a stable code, the HTTP status that `http/`
// answers with, a short title, and a sentence that tells the person what to do.
// Code below `http/` throws by code name only and never reads the status.

export interface ErrorEntry {
  readonly status: number;
  readonly title: string;
  readonly advice: string;
  /** What helps at a terminal, where that is another thing than in a request. */
  readonly commandLine?: string;
}

export const ERROR_CODES = {
  // --- the upload ---
  IMAGE_MISSING: {
    status: 400,
    title: 'No image in the request',
    advice: 'Send one file in the form field "image", or the image itself as the body with its media type.',
  },
  IMAGE_DUPLICATED: {
    status: 400,
    title: 'More than one image',
    advice: 'Send exactly one file in the field "image".',
  },
  IMAGE_EMPTY: {
    status: 400,
    title: 'Empty image',
    advice: 'The file has no bytes; check that it was written and uploaded completely.',
  },
  IMAGE_UNDECODABLE: {
    status: 422,
    title: 'The image cannot be decoded',
    advice: 'Send a complete JPEG, PNG, WebP, AVIF or TIFF file.',
  },
  IMAGE_SAMPLES_UNSUPPORTED: {
    status: 422,
    title: 'Unusual samples',
    advice: 'Convert it to 8 bits a channel, for example with "gdal_translate -ot Byte -scale IN OUT".',
  },
  IMAGE_ANIMATED: { status: 422, title: 'Animated image', advice: 'Send a single still image.' },
  IMAGE_TOO_LARGE_PIXELS: {
    status: 413,
    title: 'Too many pixels',
    advice: 'Scale the panorama down below the pixel limit and try again.',
    commandLine: 'Scale the panorama down, or raise SKYFIX_MAX_PIXELS.',
  },
  IMAGE_TOO_LARGE_BYTES: {
    status: 413,
    title: 'Body too large',
    advice: 'Compress or scale the panorama below the byte limit and try again.',
  },
  SEQUENCE_TOO_LONG: {
    status: 413,
    title: 'Sequence too long',
    advice: 'Send the way in parts, fewer panoramas each, or scale the panoramas down.',
  },
  PANORAMA_TOO_SMALL: {
    status: 422,
    title: 'Panorama too small',
    advice: 'Send a panorama of at least 64 by 16 pixels.',
  },
  PANORAMA_FOV_UNKNOWN: {
    status: 422,
    title: 'Unknown field of view',
    advice:
      'Neither shape nor metadata say it: of a strip say verticalFovDeg and horizonShare, of a plain photo horizontalFovDeg.',
    commandLine:
      'Neither shape nor metadata say it: of a strip say --vertical-fov and --horizon-share, of a plain photo --horizontal-fov.',
  },
  PANORAMA_PROJECTION_UNSUPPORTED: {
    status: 422,
    title: 'Not an equirectangular panorama',
    advice: 'Send one equirectangular image for one eye; stitchers such as Hugin convert other projections.',
  },
  PANORAMA_BLANK: {
    status: 422,
    title: 'Nothing to see',
    advice: 'Send a panorama that shows the ground around the camera.',
  },
  PANORAMA_LIST_INVALID: {
    status: 500,
    title: 'The list of panoramas cannot be used',
    advice: 'Make it a CSV file with the columns file, lon and lat, files relative to it.',
  },
  CALIBRATION_INVALID: {
    status: 500,
    title: 'The calibration cannot be used',
    advice: 'Calibrate again with "skyfix index calibrate", or roll the region back.',
  },
  // --- parameters ---
  PARAMETER_INVALID: {
    status: 400,
    title: 'Invalid parameter',
    advice: 'See the documented range of this parameter in /openapi.yaml.',
    commandLine: 'Run the command with --help to see its options and their ranges.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    status: 415,
    title: 'Unsupported media type',
    advice: 'Send multipart/form-data, or an image body with its image/* media type.',
  },
  REGION_UNKNOWN: {
    status: 404,
    title: 'Unknown region',
    advice: 'GET /regions lists the regions that this server holds.',
    commandLine: 'Run "skyfix index list" to see the regions that are published.',
  },
  REGION_REQUIRED: {
    status: 400,
    title: 'Region required',
    advice: 'The server holds several regions and has no default: name one with "region".',
    commandLine: 'Name one with --region, or choose a default with "skyfix index default --region NAME".',
  },
  REQUEST_MALFORMED: {
    status: 400,
    title: 'Malformed request',
    advice: 'Check the URL, the headers and the multipart framing of the body.',
  },
  BASEMAP_MISSING: {
    status: 404,
    title: 'No basemap',
    advice:
      'Build the index again with its imagery, as "skyfix index rebuild" does unless it is told --basemap off.',
  },
  RANGE_NOT_SATISFIABLE: {
    status: 416,
    title: 'Range not satisfiable',
    advice: 'Ask for bytes inside of the file; Content-Range says how many it has.',
  },
  ROUTE_NOT_FOUND: { status: 404, title: 'No such route', advice: 'GET /openapi.yaml lists the routes.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'Method not allowed',
    advice: 'Use the method in the Allow header.',
  },
  // --- the server ---
  REQUEST_ABORTED: {
    status: 400,
    title: 'Upload interrupted',
    advice: 'The connection closed before the upload ended; send it again.',
  },
  REQUEST_TOO_SLOW: {
    status: 408,
    title: 'Request came too slowly',
    advice: 'Send it again over a faster connection, or a smaller file.',
  },
  ADDRESS_BUSY: {
    status: 429,
    title: 'Too much at once from one address',
    advice: 'Wait for the seconds in Retry-After; behind a proxy the operator sets SKYFIX_TRUSTED_PROXIES.',
  },
  UPLOADS_FULL: {
    status: 503,
    title: 'Too many uploads',
    advice: 'Wait for the seconds in Retry-After and send it again.',
  },
  CONNECTIONS_FULL: {
    status: 503,
    title: 'Too many connections',
    advice: 'Wait for the seconds in Retry-After and connect again.',
  },
  QUEUE_FULL: {
    status: 503,
    title: 'Server is busy',
    advice: 'Wait for the seconds in Retry-After and send it again.',
  },
  REQUEST_TIMEOUT: {
    status: 503,
    title: 'Request timed out',
    advice: 'Send it again later; the operator can raise the request timeout.',
  },
  NOT_READY: {
    status: 503,
    title: 'Not ready',
    advice: 'The server is starting or stopping, or holds no region yet; try again shortly.',
    commandLine: 'Put a region into the data folder with "skyfix index publish" or "skyfix demo install".',
  },
  RECOVERING: {
    status: 503,
    title: 'Recovering',
    advice:
      'A part of the server ended and is being opened again: send it again after the seconds in Retry-After.',
    commandLine: 'Run it again in a few seconds.',
  },
  CLUSTER_UNAVAILABLE: {
    status: 503,
    title: 'Search cluster unavailable',
    advice:
      'Nodes of the search cluster do not answer, or answer in part: send it again after the seconds in Retry-After.',
    commandLine:
      'See that all nodes of the cluster run and are reachable, and run it again: it goes on where it was.',
  },
  ADMIN_DISABLED: {
    status: 403,
    title: 'Admin routes are off',
    advice: 'Start the server with SKYFIX_API_KEYS to enable them.',
  },
  UNAUTHORIZED: {
    status: 401,
    title: 'API key missing or wrong',
    advice: 'Send "Authorization: Bearer KEY" with a key that the operator has issued.',
  },
  KEY_SCOPE_MISSING: {
    status: 403,
    title: 'Key without the scope',
    advice: 'Use a key with the scope named; the operator makes one with "skyfix keys add --scope".',
  },
  RATE_LIMITED: {
    status: 429,
    title: 'Too many requests',
    advice: 'Wait for the seconds in Retry-After; RateLimit-Policy says how many there may be.',
  },
  KEY_BUSY: {
    status: 429,
    title: 'Too much at once with one key',
    advice: 'Wait for the seconds in Retry-After, or ask the operator for more uploads at once.',
  },
  INTERNAL: {
    status: 500,
    title: 'Internal error',
    advice: 'The cause is in the server log under the request id.',
    commandLine: 'This is a fault of skyfix; please report it with the command that shows it.',
  },
  // --- configuration and artefacts ---
  FOLDER_UNUSABLE: {
    status: 500,
    title: 'Folder cannot be used',
    advice: 'Name a folder that exists or can be made, and that this user may read and write.',
  },
  CONFIG_INVALID: {
    status: 500,
    title: 'Invalid configuration',
    advice: 'Run "skyfix serve --help" for every variable and its range.',
  },
  KEYS_INVALID: {
    status: 500,
    title: 'Keys file unusable',
    advice: 'Put the file back that was there, or make a new one with "skyfix keys add".',
  },
  KEY_EXISTS: {
    status: 409,
    title: 'Key exists',
    advice: 'Choose another name, or take that key away with "skyfix keys revoke".',
  },
  KEY_UNKNOWN: {
    status: 404,
    title: 'No such key',
    advice: 'Run "skyfix keys list" to see the keys that there are.',
  },
  ENGINE_UNAVAILABLE: {
    status: 500,
    title: 'Engine not to be had',
    advice:
      'Run "npm run setup:openvino" or "npm run setup:cuda", or set SKYFIX_ENGINE=auto and unset SKYFIX_OPENVINO_DIR.',
  },
  PRECISION_UNAVAILABLE: {
    status: 500,
    title: 'Precision not to be had',
    advice: 'Set SKYFIX_PRECISION to auto, f32 or bf16, or quantise the bundle with "skyfix-train quantise".',
  },
  BUNDLE_MISSING: {
    status: 500,
    title: 'Bundle not found',
    advice: 'Point to a folder that holds bundle.json.',
  },
  BUNDLE_CORRUPT: {
    status: 500,
    title: 'Bundle damaged',
    advice: 'A checksum or the schema does not match: export or copy the bundle again.',
  },
  BUNDLE_INPUT_UNSUPPORTED: {
    status: 500,
    title: 'Bundle cannot be served',
    advice: 'Use a bundle whose first network takes BEVs; "skyfix-train evaluate" measures this one.',
  },
  BUNDLE_CONFIG_INVALID: {
    status: 500,
    title: 'Bundle configuration unusable',
    advice: 'Correct the field named; "skyfix bundle import --help" shows a complete configuration.',
  },
  BUNDLE_EXISTS: {
    status: 409,
    title: 'Folder in use',
    advice: 'Name another folder; --force replaces a bundle, and nothing else.',
  },
  NETWORK_INVALID: {
    status: 500,
    title: 'Network outside the bundle contract',
    advice: 'Export it again; "skyfix bundle import --help" says what a network must keep.',
  },
  WEIGHTS_INVALID: {
    status: 500,
    title: 'Weights do not fit the network',
    advice: 'Check that the file holds these weights in float, and that the profile has their sizes.',
  },
  INDEX_MISSING: {
    status: 500,
    title: 'Index version not found',
    advice: 'Build one with "skyfix index build" and publish it.',
  },
  INDEX_CORRUPT: {
    status: 500,
    title: 'Index version damaged',
    advice: 'A checksum or the format does not match: build or copy the index version again.',
  },
  INDEX_BUNDLE_MISMATCH: {
    status: 409,
    title: 'Index and bundle do not belong together',
    advice: 'Rebuild the index with this bundle ("skyfix index build --bundle").',
  },
  INDEX_RECALL_TOO_LOW: {
    status: 409,
    title: 'Index recall under the gate',
    advice: 'Raise ef or M and rebuild the index; "skyfix index verify" shows its recall.',
  },
  INDEX_NO_PREVIOUS: {
    status: 409,
    title: 'Nothing to roll back to',
    advice: 'The region has no previous version; "skyfix index list" shows what there is.',
  },
  PARTS_UNUSABLE: {
    status: 500,
    title: 'Parts make no index',
    advice:
      'Make the part that is named (again) with "skyfix index build --part", from the same inputs, and assemble again.',
  },
  UPDATE_IMPOSSIBLE: {
    status: 409,
    title: 'Version cannot be updated',
    advice: 'Rebuild the region with "skyfix index rebuild"; what it makes can be updated.',
  },
  IMAGERY_INVALID: {
    status: 500,
    title: 'Imagery source unusable',
    advice: 'Use a georeferenced GeoTIFF, a folder or VRT of them, or an XYZ/TMS tile folder.',
  },
  TILES_CSV_INVALID: {
    status: 500,
    title: 'Tile list unusable',
    advice: 'Use a CSV with the header tile,lon,lat,sizeM,file.',
  },
  DISK_FULL: {
    status: 507,
    title: 'No space left',
    advice: 'Free disk space and run it again; nothing that existed was changed.',
  },
  DATA_EMPTY: {
    status: 500,
    title: 'No region in the data folder',
    advice: 'Name the right folder, or publish a region of your own with "skyfix index publish".',
  },
  NOT_WRITABLE: {
    status: 507,
    title: 'Not writable',
    advice:
      'Give this user the right to write there, or mount it for writing; nothing that existed was changed.',
  },
  FOLDER_BUSY: {
    status: 409,
    title: 'Another process is at work here',
    advice: 'Wait until it ends and run it again.',
  },
  DATASET_INVALID: { status: 500, title: 'Data set unusable', advice: 'Check the file and line named.' },
  TRAINING_CONFIG_INVALID: {
    status: 500,
    title: 'Run configuration invalid',
    advice: 'Correct the field named; "skyfix-train run --print-config" shows every field with its value.',
  },
  TRAINING_DIVERGED: {
    status: 500,
    title: 'Training diverged',
    advice:
      'Lower the learning rate or lengthen the warm-up; the last checkpoint is from before the step named.',
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
