// The one table of rooms. A room is a folder of source files; '.' are the files at the top of a package.

export interface Package {
  /** Folder from the repository's root. */
  readonly folder: string;
  /** Every room, in the order in which they may use each other: a room imports from itself and from those above it. */
  readonly rooms: readonly string[];
}

/** The packages, in the order in which they may use each other. */
export const PACKAGES: readonly Package[] = [
  {
    folder: 'src',
    rooms: [
      'errors',
      'random',
      'files',
      'config',
      'keys',
      'traces',
      'threads',
      'wasm',
      'geometry',
      'imaging',
      'basemap',
      'onnx',
      'engines',
      'calibration',
      'bundles',
      'describe',
      'search',
      'weaviate',
      'places',
      'headings',
      'confidence',
      'versions',
      'regions',
      'locate',
      'sequences',
      'canaries',
      'http/requests',
      'http/services',
      'http/routes',
      'http',
      '.', // app.ts and server.ts
    ],
  },
  { folder: 'index', rooms: ['imagery/port', 'imagery/place', 'imagery/geotiff', 'imagery', '.'] },
  { folder: 'client', rooms: ['.'] },
  { folder: 'cli', rooms: ['shared', 'commands', '.'] },
  { folder: 'loadtest', rooms: ['.'] },
  { folder: 'bench', rooms: ['.'] },
  {
    folder: 'training',
    rooms: [
      'common',
      'drawing',
      'stores',
      'runtime',
      'networks',
      'weights',
      'losses',
      'evaluation',
      'pseudo-labels',
      'town/scene',
      'town/layout',
      'town/overhead',
      'town/street',
      'town/files',
      'town/world',
      'town/statistics',
      'town',
      'datasets/listing',
      'datasets/formats',
      'datasets',
      'images',
      'ground',
      'batches',
      'features',
      'config',
      'stages/common',
      'stages/generation',
      'stages/views',
      'stages/encoder',
      'stages/head',
      'stages',
      'export',
      'quantisation',
      'runs',
      'report',
      'pipeline',
      'ablation',
      'bench',
      'demo',
      'cli',
    ],
  },
];

/** Of a package, rooms with no index.ts: programs that nobody imports. */
export const WITHOUT_DOOR: readonly string[] = ['training/bench', 'training/demo', 'training/cli'];

/** Where a file of a package lies. */
export interface Place {
  /** Its package's number in the table. */
  readonly packageIndex: number;
  /** Its room, as the table writes it. */
  readonly room: string;
  /** Its room's number in the package's order; -1 where the table has no such room. */
  readonly roomIndex: number;
  /** What one enters by a door: the package and the first folder in it (src/http, training/town, index). */
  readonly house: string;
}

/** Undefined for a file of no package. */
export function placeOf(file: string): Place | undefined {
  const [top = '', ...below] = file.split('/');
  const packageIndex = PACKAGES.findIndex(({ folder }) => folder === top);
  const found = PACKAGES[packageIndex];
  if (!found) return undefined;
  const room = below.slice(0, -1).join('/') || '.';
  const inside = top === 'src' || top === 'training';
  const house = inside && below.length > 1 ? `${top}/${below[0]}` : top;
  return { packageIndex, room, roomIndex: found.rooms.indexOf(room), house };
}
