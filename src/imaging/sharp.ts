// The one door to sharp. libvips opens whatever it recognises (SVG, GIF, PDF, its own format, ...), so every loader but
// those of the five formats that skyfix takes is switched off here, for the whole process and before the first image.
import sharp, { type Metadata, type Sharp } from 'sharp';

/**
 * libvips' loaders (8.18) but JPEG's, PNG's, WebP's, HEIF's and TIFF's. By name, and not all of them with the five switched
 * on again: the switches are the process's, and every thread that starts sets them while others decode.
 */
export const CLOSED_LOADERS: readonly string[] = [
  'Analyze',
  'Csv',
  'DcRaw',
  'Fits',
  'Jp2k',
  'Jxl',
  'Magick',
  'Magick7',
  'Mat',
  'Matrix',
  'Nifti',
  'Nsgif',
  'Openexr',
  'Openslide',
  'Pdf',
  'Ppm',
  'Rad',
  'Raw',
  'Svg',
  'Uhdr',
  'Vips',
].map((name) => `VipsForeignLoad${name}`);

sharp.block({ operation: [...CLOSED_LOADERS] });
// No upload is decoded twice: what the cache keeps of one is memory that the next one lacks.
sharp.cache(false);

export { type Metadata, type Sharp, sharp };
