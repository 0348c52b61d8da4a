// GeoTIFF, from the bytes of a file to blocks of pixels: directories, blocks and codecs, samples, colours, masks, place.
export { nodataNumber } from './mask.js';
export { BLOCK_PX, GeoTiffPicture, type PictureOptions, type Rectangle, type Shared } from './picture.js';
export { BlockBudget } from './raster-reader.js';
export { type SampleRange, type Scaling, scalingOf, statisticsOf } from './scaling.js';
