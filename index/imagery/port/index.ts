// The port of imagery: what every source offers, and how a source refuses a file.
export { quoted, refused, refusedToWarp, unusable } from './refusal.js';
export { BlockCache, type ImageryBlock, type ImageryLayer, type ImagerySource } from './source.js';
