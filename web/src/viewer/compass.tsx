// A strip of the horizon with the names of its directions, centred on a bearing.
import { turnBetween } from '../answers/geodesy.js';
import { words } from '../words/index.js';

const SHOWN_DEG = 120;
const STEP_DEG = 15;

export function Compass({ bearingDeg }: { readonly bearingDeg: number }) {
  const ticks = Array.from({ length: 360 / STEP_DEG }, (_, k) => k * STEP_DEG)
    .map((deg) => ({ deg, away: turnBetween(bearingDeg, deg) }))
    .filter(({ away }) => Math.abs(away) < SHOWN_DEG / 2 - 6);
  return (
    <svg class="compass" viewBox="0 0 240 22" aria-hidden="true">
      {ticks.map(({ deg, away }) => {
        const x = 120 + away * (240 / SHOWN_DEG);
        if (deg % 45 !== 0) return <line key={deg} x1={x} x2={x} y1="14" y2="19" />;
        const name = words.value.compass[deg / 45];
        return (
          <text key={deg} x={x} y="17" class={deg === 0 ? 'north' : ''}>
            {name}
          </text>
        );
      })}
      <path d="M116.5 0h7L120 5Z" />
    </svg>
  );
}
