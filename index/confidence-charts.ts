// The figures of a calibration as pictures: reliability and risk against coverage, side by side, as one SVG.
import type { ReliabilityBin, RiskPoint } from '../src/calibration/index.js';
import type { ConfidenceFigures } from '../src/confidence/index.js';

const SIDE = 280;
const MARGIN = 48;
const STEP = SIDE + 2 * MARGIN;
const INK = '#444';
const BLUE = '#1f6fb4';

/** `title` stands above both. */
export function confidenceCharts(figures: ConfidenceFigures, title: string): string {
  const { ece, riskAt80 } = figures;
  const worst = Math.max(0.05, ...figures.riskCoverage.map(({ risk }) => risk));
  const top = Math.ceil(worst * 20) / 20;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${2 * STEP}" height="${STEP + 20}" font-family="sans-serif" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${STEP}" y="20" text-anchor="middle" font-size="14" fill="${INK}">${escaped(title)}</text>`,
    frame(0, `Reliability (ECE ${ece.toFixed(3)})`, 'probability said', 'share that was right', 1),
    ...bars(figures.reliability),
    frame(
      STEP,
      `Risk and coverage (${percent(riskAt80)} wrong at 80 %)`,
      'share answered',
      'share of these wrong',
      top,
    ),
    curve(figures.riskCoverage, top),
    '</svg>',
    '',
  ].join('\n');
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const x = (left: number, share: number) => (left + MARGIN + SIDE * share).toFixed(1);
const y = (share: number) => (MARGIN + SIDE * (1 - share)).toFixed(1);

function frame(left: number, title: string, across: string, up: string, top: number): string {
  const middle = x(left, 0.5);
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
    `<text x="${x(left, share)}" y="${MARGIN + SIDE + 16}" text-anchor="middle" fill="${INK}">${share}</text>`,
    `<text x="${left + MARGIN - 6}" y="${y(share)}" text-anchor="end" dy="4" fill="${INK}">${+(share * top).toFixed(4)}</text>`,
  ]);
  const turned = `${left + 12},${y(0.5)}`;
  return [
    `<rect x="${left + MARGIN}" y="${MARGIN}" width="${SIDE}" height="${SIDE}" fill="none" stroke="#bbb"/>`,
    `<text x="${middle}" y="${MARGIN - 8}" text-anchor="middle" fill="${INK}">${escaped(title)}</text>`,
    `<text x="${middle}" y="${MARGIN + SIDE + 34}" text-anchor="middle" fill="${INK}">${across}</text>`,
    `<text transform="rotate(-90 ${turned})" x="${left + 12}" y="${y(0.5)}" text-anchor="middle" fill="${INK}">${up}</text>`,
    ...ticks,
  ].join('\n');
}

/** A point a bin, as large as it has many; on the diagonal what is said comes true. */
function bars(bins: readonly ReliabilityBin[]): string[] {
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const points = bins.map(({ said, came, count }) => {
    const radius = (3 + 7 * Math.sqrt(count / most)).toFixed(1);
    const what = `${count} answers: ${percent(said)} said, ${percent(came)} right`;
    const where = `cx="${x(0, said)}" cy="${y(came)}" r="${radius}"`;
    return `<circle ${where} fill="${BLUE}" fill-opacity="0.7"><title>${what}</title></circle>`;
  });
  return [`<path d="M${x(0, 0)} ${y(0)}L${x(0, 1)} ${y(1)}" stroke="#bbb" stroke-dasharray="4"/>`, ...points];
}

function curve(points: readonly RiskPoint[], top: number): string {
  const line = points.map(({ coverage, risk }) => `${x(STEP, coverage)} ${y(risk / top)}`);
  return `<path d="M${line.join('L')}" fill="none" stroke="${BLUE}" stroke-width="2"/>`;
}
