// Plain borders around a picture: downloads of panorama tiles often stand in a larger canvas, black or white where they
// end. The canvas is then 2:1 and the panorama in it is not, so that every direction is wrong. A border ends in a straight
// step; a sky, a night or the patch over a tripod ends here and there.
import type { RgbImage } from '../geometry/index.js';

/** Share of a side from which a plain edge is spoken of. */
const LEAST_SHARE = 0.02;
/** What a JPEG does to a plain colour. */
const TOLERANCE = 8;
/** Share of a line that may be otherwise inside of a border: a watermark. */
const MOST_OTHERWISE = 0.02;
/** Share of a line that is otherwise where a border ends; columns run through sky and ground, which may be as dark. */
const STEP = { left: 0.3, right: 0.3, top: 0.6, bottom: 0.6 } as const;
/** Lines over which scaling and compression smear the step. */
const SMEAR_LINES = 3;
const SAMPLES = 256;

type Side = keyof typeof STEP;

/** One sentence for each side that begins with a plain border; none of an image that is plain all over. */
export function borderWarnings(image: RgbImage): readonly string[] {
  return (['left', 'right', 'top', 'bottom'] as const).flatMap((side) => {
    const edge = new Edge(image, side);
    let lines = 0;
    while (lines < edge.lines && edge.otherwise(lines) <= MOST_OTHERWISE) lines++;
    const after = Math.min(lines + SMEAR_LINES, edge.lines - 1);
    if (lines < Math.max(2, edge.lines * LEAST_SHARE) || lines === edge.lines) return [];
    if (edge.otherwise(after) < STEP[side]) return [];
    const share = Math.round((100 * lines) / edge.lines);
    return [
      `The image has a plain ${edge.colourName} border at the ${side}, over ${share} % of its ${edge.word}: every ` +
        'direction is off by that. Cut it away, and say with verticalFovDeg what the rest shows unless it is 2:1.',
    ];
  });
}

/** An image's rows or columns, counted from one side, compared with the colour that the first of them has. */
class Edge {
  readonly lines: number;
  readonly word: 'rows' | 'columns';
  readonly #along: number;
  readonly #step: number;
  readonly #colour: readonly number[];
  readonly #data: Uint8Array;
  readonly #pixelAt: (line: number, k: number) => number;

  constructor({ widthPx, heightPx, data }: RgbImage, side: Side) {
    const columns = side === 'left' || side === 'right';
    const far = side === 'right' || side === 'bottom';
    this.word = columns ? 'columns' : 'rows';
    this.lines = columns ? widthPx : heightPx;
    this.#along = columns ? heightPx : widthPx;
    this.#step = Math.max(1, Math.floor(this.#along / SAMPLES));
    this.#data = data;
    this.#pixelAt = (line, k) => {
      const at = far ? this.lines - 1 - line : line;
      return 3 * (columns ? k * widthPx + at : at * widthPx + k);
    };
    this.#colour = [0, 1, 2].map((channel) => this.#median(channel));
  }

  get colourName(): string {
    if (Math.max(...this.#colour) <= 32) return 'black';
    return Math.min(...this.#colour) >= 224 ? 'white' : `(${this.#colour.join(', ')})`;
  }

  /** Share of a line's pixels that have another colour. */
  otherwise(line: number): number {
    const [red = 0, green = 0, blue = 0] = this.#colour;
    let [others, seen] = [0, 0];
    for (let k = 0; k < this.#along; k += this.#step, seen++) {
      const at = this.#pixelAt(line, k);
      const off = Math.max(
        Math.abs((this.#data[at] as number) - red),
        Math.abs((this.#data[at + 1] as number) - green),
        Math.abs((this.#data[at + 2] as number) - blue),
      );
      if (off > TOLERANCE) others++;
    }
    return others / seen;
  }

  #median(channel: number): number {
    const values: number[] = [];
    for (let k = 0; k < this.#along; k += this.#step)
      values.push(this.#data[this.#pixelAt(0, k) + channel] ?? 0);
    values.sort((a, b) => a - b);
    return values[values.length >> 1] ?? 0;
  }
}
