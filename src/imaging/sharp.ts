// The one door to sharp. libvips opens whatever it recognises (SVG, GIF, PDF, its own format, ...), so every loader but
// those of the five formats that skyfix takes is switched off here, for the whole process and before the first image.
import sharp, { type Metadata, type Sharp } from 'sharp';

/** libvips' classes of the loaders that stay; blocking the base class switches off the rest, future ones too. */
const LOADERS = [
  'VipsForeignLoadJpeg',
  'VipsForeignLoadPng',
  'VipsForeignLoadWebp',
  'VipsForeignLoadHeif',
  'VipsForeignLoadTiff',
];

sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({ operation: LOADERS });
// No upload is decoded twice: what the cache keeps of one is memory that the next one lacks.
sharp.cache(false);

export { type Metadata, type Sharp, sharp };
