// Where the 360° view looks, which the map shows as a wedge, and how strongly the BEV lies over the map.
import { signal } from '@preact/signals';

/** Relative to the centre of the panorama; undefined where there is no panorama to look around in. */
export const look = signal<{ readonly yawDeg: number; readonly fovDeg: number } | undefined>(undefined);
/** 0 to 1. */
export const overlayOpacity = signal(0.75);
