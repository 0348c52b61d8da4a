// What a build is told, and what it tells.
import type { EngineChoice } from '../src/engines/index.js';
import type { DescriptorPrecision } from '../src/search/index.js';
import type { BasemapChoice } from './basemap.js';
import type { GraphChoice } from './choose-graph.js';
import type { GridOrigin } from './grid.js';
import type { ImageryOptions } from './imagery/index.js';

export type BuildStage = 'tiles' | 'graph' | 'recall' | 'basemap';

/** What a build tells while it runs: what it takes, what it made and skipped; and what was assumed or may be wrong. */
export interface BuildNote {
  readonly kind: 'fact' | 'warning';
  readonly text: string;
}

/** What the tiles are, and who describes them. */
export interface TileOptions {
  readonly bundleDir: string;
  /** GeoTIFF file, VRT or folder of GeoTIFFs, or folder of XYZ/TMS tiles; cut into a grid. */
  readonly imagery?: string | undefined;
  readonly imageryOptions?: ImageryOptions | undefined;
  /** The bundle's when absent. */
  readonly tileSizeM?: number | undefined;
  /** Distance of neighbouring tiles; 16. */
  readonly strideM?: number | undefined;
  /** GeoJSON file: only tiles whose centre lies in it. */
  readonly areaGeoJson?: string | undefined;
  /** The lattice of another version, so that tiles lie where its tiles do; else it begins at the corner of area or imagery. */
  readonly origin?: GridOrigin | undefined;
  /** Instead of imagery: a CSV with the header tile,lon,lat,sizeM,file. */
  readonly tilesCsv?: string | undefined;
  readonly threads?: number | undefined;
  /** Default: onnxruntime on the CPU. */
  readonly engine?: EngineChoice | undefined;
  /** Most tiles a run of the encoder; 32. Descriptors may differ in their last bits between two sizes. */
  readonly batchSize?: number | undefined;
  readonly onProgress?: (done: number, total: number, stage: BuildStage) => void;
  readonly onNote?: ((note: BuildNote) => void) | undefined;
  /** ISO 8601; now when absent, and what it was at the first start where a build goes on. */
  readonly createdAt?: string | undefined;
}

/** What is made of described tiles. */
export interface VersionOptions {
  /** The imagery as a map in the version; auto where absent. A list of tiles has none. */
  readonly basemap?: BasemapChoice | undefined;
  /** Whose imagery it is, for the map; what the imagery itself says where absent. */
  readonly attribution?: string | undefined;
  /** How descriptors are kept; f16. */
  readonly descriptors?: DescriptorPrecision | undefined;
  /** Fewer than the encoder's: those in which the region's descriptors differ most are kept. All where absent. */
  readonly dimensions?: number | undefined;
  /** See chooseGraph. */
  readonly graph?: GraphChoice | undefined;
  readonly onProgress?: (done: number, total: number, stage: BuildStage) => void;
  readonly onNote?: ((note: BuildNote) => void) | undefined;
  /**
   * Folder of an earlier version: its calibration is taken, and its files where they are the same, as hard links where the file
   * system has them.
   */
  readonly takeFrom?: string | undefined;
  /** PNG file to write sample tiles to; none when absent. */
  readonly contactSheet?: string | undefined;
  /** See rowsOfShards; a power of 4. Versions share descriptors only where it is the same. */
  readonly shardCells?: number | undefined;
}

export interface BuildOptions extends TileOptions, VersionOptions {
  /** Folder to make; must not exist. A build that was killed goes on from `${outDir}.partial`. */
  readonly outDir: string;
}
