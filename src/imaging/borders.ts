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
  readonly #data: Uint8Array;
  /** Where the first line begins, and how far it is to the next one, and to the next pixel of a line that is looked at. */
  readonly #start: number;
  readonly #toNextLine: number;
  readonly #toNextPixel: number;
  /** Pixels of a line that are looked at. */
  readonly #seen: number;
  readonly #colour: readonly number[];

  constructor({ widthPx, heightPx, data }: RgbImage, side: Side) {
    const columns = side === 'left' || side === 'right';
    const far = side === 'right' || side === 'bottom';
    this.word = columns ? 'columns' : 'rows';
    this.lines = columns ? widthPx : heightPx;
    const along = columns ? heightPx : widthPx;
    const [line, pixel] = columns ? [3, 3 * widthPx] : [3 * widthPx, 3];
    const step = Math.max(1, Math.floor(along / SAMPLES));
    this.#data = data;
    this.#start = far ? (this.lines - 1) * line : 0;
    this.#toNextLine = far ? -line : line;
    this.#toNextPixel = step * pixel;
    this.#seen = Math.ceil(along / step);
    this.#colour = [0, 1, 2].map((channel) => this.#median(channel));
  }

  get colourName(): string {
    if (Math.max(...this.#colour) <= 32) return 'black';
    return Math.min(...this.#colour) >= 224 ? 'white' : `(${this.#colour.join(', ')})`;
  }

  /** Share of a line's pixels that have another colour. */
  otherwise(line: number): number {
    const [red = 0, green = 0, blue = 0] = this.#colour;
    let others = 0;
    let at = this.#start + line * this.#toNextLine;
    for (let k = 0; k < this.#seen; k++, at += this.#toNextPixel) {
      const off = Math.max(
        Math.abs((this.#data[at] as number) - red),
        Math.abs((this.#data[at + 1] as number) - green),
        Math.abs((this.#data[at + 2] as number) - blue),
      );
      if (off > TOLERANCE) others++;
    }
    return others / this.#seen;
  }

  #median(channel: number): number {
    const values = new Uint8Array(this.#seen);
    let at = this.#start + channel;
    for (let k = 0; k < values.length; k++, at += this.#toNextPixel) values[k] = this.#data[at] as number;
    return values.sort()[values.length >> 1] as number;
  }
}
