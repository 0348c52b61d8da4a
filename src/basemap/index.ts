// A region's own imagery as a map: a pyramid of web-mercator tiles in one file, PMTiles version 3. Written here; read by the
// pmtiles package, here and in browsers.
export { type ArchiveFacts, ArchiveWriter, MOST_ZOOM } from './archive-writer.js';
export { Basemap, type GroundCut } from './basemap.js';
export {
  fromMercator,
  type MercatorPoint,
  mercatorGsdM,
  mercatorY,
  TILE_PX,
  type TileAddress,
  tileSideM,
  tilesUnder,
  toMercator,
} from './mercator.js';
