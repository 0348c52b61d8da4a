// Building indexes: imagery, tiles, descriptors, versions and their life cycle.
export { cutTile, type ImageryBlock, type ImagerySource, openImagery } from './imagery/index.js';
