// A place in a line, for whoever hears it.
import type { Place } from '../api/types.js';
import { metres, number, percent, words } from './index.js';

export function placeWords({ rank, probability, score, radiusM }: Place): string {
  const { place, probability: probable, score: similar, radius } = words.value;
  const quality =
    probability === undefined ? `${similar} ${number(score, 2)}` : `${probable} ${percent(probability)}`;
  return [place(rank), quality, ...(radiusM ? [radius(metres(radiusM.p95))] : [])].join(', ');
}

export function coordinates({ lon, lat }: { readonly lon: number; readonly lat: number }): string {
  return `${lat.toFixed(6)}, ${lon.toFixed(6)}`;
}
