// Locate: an upload and a loaded region in, places out; and the regions that a process serves.
export { locate } from './locate.js';
export {
  type LocateAnswer,
  type LocateOptions,
  type Place,
  type Prior,
  STAGES,
  type Stage,
} from './types.js';
