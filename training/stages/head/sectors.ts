// What a photo that shows a part of the circle sees of a window: shares of cells, as seenShares finds them in its black ground.

/** Azimuths around the camera, clockwise from north as the view has it under its true heading. */
export interface Sector {
  readonly fromDeg: number;
  /** Over 0 to 360. */
  readonly widthDeg: number;
}

/** How a window lies against the ground that the camera saw. */
export interface WindowTurn {
  /** Clockwise: what lay north then lies at this azimuth. */
  readonly turnDeg: number;
  /** Of the window's middle, from the camera, before the turn; cells. */
  readonly eastCells: number;
  readonly southCells: number;
}

export const UNTURNED: WindowTurn = { turnDeg: 0, eastCells: 0, southCells: 0 };

/** Samples along a cell's side. */
const SAMPLES = 8;

/** The share of each cell of a window, [cells, cells] rows from the north, that lies in a sector around the camera. */
export function sectorShares(
  cells: number,
  { fromDeg, widthDeg }: Sector,
  { turnDeg, eastCells, southCells }: WindowTurn = UNTURNED,
): Float32Array {
  const shares = new Float32Array(cells * cells);
  if (widthDeg >= 360) return shares.fill(1);
  const turn = (turnDeg * Math.PI) / 180;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  for (let cell = 0; cell < shares.length; cell++) {
    let inside = 0;
    for (let k = 0; k < SAMPLES * SAMPLES; k++) {
      const x = (cell % cells) + ((k % SAMPLES) + 0.5) / SAMPLES - cells / 2;
      const y = Math.floor(cell / cells) + (Math.floor(k / SAMPLES) + 0.5) / SAMPLES - cells / 2;
      const east = eastCells + x * cos + y * sin;
      const south = southCells + y * cos - x * sin;
      const azimuthDeg = (Math.atan2(east, -south) * 180) / Math.PI;
      if ((((azimuthDeg - fromDeg) % 360) + 360) % 360 < widthDeg) inside++;
    }
    shares[cell] = inside / SAMPLES ** 2;
  }
  return shares;
}
