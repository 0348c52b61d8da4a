// What every loader returns: panoramas, the tiles that show the same ground, and what is known of both.
import type { FieldOfView, LonLat } from 'skyfix/geometry';
import type { ImageryOptions } from 'skyfix/index';
import type { Split } from '../../common/index.js';
import type { Problem, Reason } from './problems.js';

export const FORMATS = ['cvusa', 'cvact', 'vigor', 'cv-cities', 'csv', 'town', 'photos'] as const;
export type DatasetFormat = (typeof FORMATS)[number];
/** Formats whose tiles are cut from imagery, so that they show what is asked for; those of the others are files. */
export const CUT_FORMATS: readonly DatasetFormat[] = ['town', 'photos'];

/** Where a tile's pixels are: a file of its own, or a square of sizeM metres around a place in a georeferenced mosaic. */
export type TileImage =
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'mosaic';
      /** GeoTIFF file, or folder of XYZ/TMS tiles. */
      readonly path: string;
      readonly centre: LonLat;
      readonly sizeM: number;
      /** How the imagery is opened, where that needs saying. */
      readonly imagery?: ImageryOptions;
    };

/** Width and height of an image, pixels, after its EXIF orientation. */
export interface ImageSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** A north-up satellite tile. */
export interface DatasetTile {
  /** Unique in the data set. */
  readonly id: string;
  readonly image: TileImage;
  /** WGS 84, where the format has it. */
  readonly centre?: LonLat;
  /** Side of what the image shows on the ground, metres, where the format has it. */
  readonly sizeM?: number;
  /** Splits in whose gallery it is, where those are not the splits of its pairs alone. */
  readonly splits?: readonly Split[];
  /** File and line that name the tile. */
  readonly listedAt: string;
}

/** A tile that shows a panorama's place: in its central quarter (positive) or further out (semi-positive, VIGOR only). */
export interface PairedTile {
  readonly tile: DatasetTile;
  readonly relation: 'positive' | 'semi-positive';
  /** The camera's place in the tile, pixels from its upper left corner; absent where the tile is centred on the camera. */
  readonly cameraPx?: { readonly x: number; readonly y: number };
}

/** How a camera stood, as somebody says who knows better than the file; absent values are the file's. */
export interface ToldPose {
  readonly headingDeg: number;
  readonly pitchDeg?: number;
  readonly rollDeg?: number;
}

/** A ground-level panorama file. */
export interface DatasetPanorama {
  /** Unique in the data set, over all splits. */
  readonly id: string;
  readonly path: string;
  readonly split: Split;
  /** WGS 84, where the format has it. */
  readonly location?: LonLat;
  /** Azimuth of the centre column, clockwise from true north, where the format fixes it. */
  readonly headingDeg?: number;
  /** Of photos with a list beside them: instead of what the file says. */
  readonly told?: ToldPose;
  /** Angle that the rows cover, as the panorama's own row says; instead of what its file says. */
  readonly verticalFovDeg?: number;
  /** Share of the rows above the horizon, as the panorama's own row says. */
  readonly horizonShare?: number;
  /** What the image shows where neither its row nor its file says it: the format's, or what the user of the data set knows. */
  readonly fieldOfView?: FieldOfView;
  /** Height of the camera above the ground, metres, as the panorama's own row says; instead of the geometry's. */
  readonly cameraHeightM?: number;
  /** Kind of built-up area, where the format tells. */
  readonly district?: string;
  /** File and line that name the panorama. */
  readonly listedAt: string;
}

/** A panorama and its tiles, the positive first. */
export interface CrossViewPair extends DatasetPanorama {
  readonly tiles: readonly PairedTile[];
}

/** What a data set says about the ground that all its panoramas stand on. */
export interface GroundMetadata {
  /** Mean height of the camera above the ground, metres. */
  readonly cameraHeightM?: number;
}

export interface CrossViewDataset {
  /** The name the field uses. */
  readonly name: string;
  readonly format: DatasetFormat;
  readonly root: string;
  readonly pairs: readonly CrossViewPair[];
  /** Panoramas without a tile: unlabelled ground images (rows of a CSV without one, photos without GPS). */
  readonly unpairedPanoramas: readonly DatasetPanorama[];
  /**
   * Tiles that show no panorama's place, all for training: the unlabelled part beside those of the gallery. No query is
   * searched in them. Absent where none were asked for (photos only).
   */
  readonly unlabelledTiles?: readonly DatasetTile[];
  /** Every tile of the splits that were opened, those of no pair included: what a query is searched in. */
  readonly gallery: readonly DatasetTile[];
  readonly ground: GroundMetadata;
  /** Pairs of each split as its authors published them; empty where there is no such number. */
  readonly publishedPairs: Readonly<Partial<Record<Split, number>>>;
  /** What was left out, in the order it was found. */
  readonly dropped: readonly Problem[];
  /** What its reader chose or took for granted and a user should know: which lists were read, headers left out. */
  readonly notes: readonly string[];
  /** Sizes of the image files by imageKey, where every image was decoded to check it. */
  readonly imageSizes?: ReadonlyMap<string, ImageSize>;
}

/** What a loader reads from the lists alone, before any image was looked for. */
export interface Listing
  extends Pick<
    CrossViewDataset,
    'name' | 'pairs' | 'unpairedPanoramas' | 'unlabelledTiles' | 'gallery' | 'ground' | 'publishedPairs'
  > {
  readonly notes?: readonly string[];
  /** Rows that could not be used; they are in none of the lists above. */
  readonly problems: readonly Problem[];
  /** Entries that have one of these are always dropped: the data set is known to have such. */
  readonly tolerated: readonly Reason[];
}
