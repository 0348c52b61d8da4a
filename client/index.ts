// The client of a skyfix server, for Node and browsers.
export {
  type CallOptions,
  type ClientOptions,
  type ImageFile,
  type SequenceImage,
  SkyfixClient,
} from './client.js';
export { SkyfixProblem, SkyfixUnreachable } from './errors.js';
export type * from './types.js';
