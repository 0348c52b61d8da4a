// Sheets that show what a method sees and answers: figure 8 (panorama, BEV, view, tile), figure 9 (the first five
// answers, right and wrong marked) and failures (with the truth beside them).
import { writeFileAtomic } from 'skyfix/files';
import type { RgbImage } from 'skyfix/geometry';
import { encodePng, resizeImage } from 'skyfix/imaging';
import { captionSize, drawCaption, fillRect, pasteImage } from '../drawing/index.js';

export interface QueryImages {
  readonly panorama: RgbImage;
  readonly bev: RgbImage;
  /** Absent where the encoder is asked with the BEV. */
  readonly view?: RgbImage;
  readonly caption?: string;
}

export interface TripleRow extends QueryImages {
  readonly tile: RgbImage;
}

export interface Answer {
  readonly tile: RgbImage;
  readonly right: boolean;
  /** Cosine similarity. */
  readonly score?: number;
  /** From the true place. */
  readonly distanceM?: number;
}

export interface AnswerRow extends QueryImages {
  /** Best first; five are shown. */
  readonly answers: readonly Answer[];
}

export interface FailureRow extends AnswerRow {
  readonly truth: RgbImage;
}

type Colour = readonly [number, number, number];

interface Cell {
  readonly image?: RgbImage | undefined;
  readonly caption?: string;
  readonly frame?: Colour;
  /** Panoramas are two cells wide. */
  readonly wide?: boolean;
}

const CELL_PX = 192;
const GAP_PX = 6;
const FRAME_PX = 5;
const SCALE = 2;
const LINE_PX = captionSize('', SCALE).heightPx + 4;
const RIGHT: Colour = [0, 150, 60];
const WRONG: Colour = [210, 30, 30];

/** Figure 8: a row for each place. */
export function triplesSheet(rows: readonly TripleRow[]): Promise<RgbImage> {
  const views = rows.some(({ view }) => view !== undefined);
  return sheet(
    ['panorama', 'BEV', ...(views ? ['view'] : []), 'tile'],
    rows.map((row) => [...queryCells(row, views), { image: row.tile }]),
  );
}

/** Figure 9: a row for each query; right answers have a green frame, wrong ones a red one. */
export function topFiveSheet(rows: readonly AnswerRow[]): Promise<RgbImage> {
  const views = rows.some(({ view }) => view !== undefined);
  return sheet(
    ['panorama', 'BEV', ...(views ? ['view'] : []), '1', '2', '3', '4', '5'],
    rows.map((row) => [...queryCells(row, views), ...answerCells(row)]),
  );
}

/** What went wrong: query, BEV, view, the first five answers, and the tile that was meant. */
export function failureSheet(rows: readonly FailureRow[]): Promise<RgbImage> {
  const views = rows.some(({ view }) => view !== undefined);
  return sheet(
    ['panorama', 'BEV', ...(views ? ['view'] : []), '1', '2', '3', '4', '5', 'truth'],
    rows.map((row) => [
      ...queryCells(row, views),
      ...answerCells(row),
      { image: row.truth, frame: RIGHT, caption: 'truth' },
    ]),
  );
}

/** Writes a sheet as PNG. */
export async function writeSheet(path: string, image: RgbImage): Promise<void> {
  await writeFileAtomic(path, await encodePng(image));
}

function queryCells({ panorama, bev, view, caption }: QueryImages, views: boolean): Cell[] {
  return [
    { image: panorama, wide: true, ...(caption !== undefined && { caption }) },
    { image: bev },
    ...(views ? [{ image: view }] : []),
  ];
}

function answerCells({ answers }: AnswerRow): Cell[] {
  return Array.from({ length: 5 }, (_, k): Cell => {
    const answer = answers[k];
    if (!answer) return {};
    const { tile, right, score, distanceM } = answer;
    const parts = [score?.toFixed(3), distanceM === undefined ? undefined : `${distanceM.toFixed(0)} m`];
    return { image: tile, frame: right ? RIGHT : WRONG, caption: parts.filter((part) => part).join('  ') };
  });
}

/** Column names above rows of cells; each cell has its caption below it. The first column is two cells wide. */
async function sheet(columns: readonly string[], rows: readonly (readonly Cell[])[]): Promise<RgbImage> {
  const lefts = columns.map((_, k) => GAP_PX + (k === 0 ? 0 : (k + 1) * (CELL_PX + GAP_PX)));
  const heightOfRow = CELL_PX + LINE_PX + GAP_PX;
  const widthPx = (columns.length + 1) * (CELL_PX + GAP_PX) + GAP_PX;
  const heightPx = LINE_PX + GAP_PX + rows.length * heightOfRow;
  const out = { widthPx, heightPx, data: new Uint8Array(widthPx * heightPx * 3).fill(255) };
  columns.forEach((name, k) => {
    drawCaption(out, name, lefts[k] ?? 0, 2, SCALE);
  });
  for (const [r, cells] of rows.entries()) {
    const top = LINE_PX + GAP_PX + r * heightOfRow;
    for (const [k, cell] of cells.entries()) await drawCell(out, cell, lefts[k] ?? 0, top);
  }
  return out;
}

async function drawCell(out: RgbImage, { image, caption, frame, wide }: Cell, left: number, top: number) {
  const width = wide ? 2 * CELL_PX + GAP_PX : CELL_PX;
  if (frame) fillRect(out, left, top, width, CELL_PX, frame);
  if (image) {
    const inset = frame ? FRAME_PX : 0;
    const [roomX, roomY] = [width - 2 * inset, CELL_PX - 2 * inset];
    const scale = Math.min(roomX / image.widthPx, roomY / image.heightPx);
    const widthPx = Math.max(1, Math.round(image.widthPx * scale));
    const heightPx = Math.max(1, Math.round(image.heightPx * scale));
    const fitted = await resizeImage(image, widthPx, heightPx);
    const x = left + inset + ((roomX - widthPx) >> 1);
    pasteImage(out, fitted, x, top + inset + ((roomY - heightPx) >> 1));
  }
  if (caption) drawCaption(out, caption, left, top + CELL_PX + 2, SCALE, frame);
}
