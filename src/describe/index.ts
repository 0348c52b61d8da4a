// Describe: the one way from a BEV to descriptors: view, looks, batches.
export {
  describeBev,
  type NetworkOptions,
  type Networks,
  openNetworks,
  windowsOf,
} from './networks.js';
export { type ViewWindow, viewWindows, windowOffsetsM } from './view-windows.js';
