// Canaries: located panoramas that a server asks itself from time to time.
export { Canaries, type CanaryOptions, type CanaryReport, readCanaries } from './canaries.js';
