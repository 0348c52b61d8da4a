// Turns a level panorama into the one a tilted camera takes.

/** Resamples a level panorama for a camera with world = Rx(pitch) Ry(roll) camera. */
export function tilt(level: Uint8Array, width: number, pitchDeg: number, rollDeg: number): Uint8Array {
  const rows = width / 2;
  const out = new Uint8Array(level.length);
  const p = (pitchDeg * Math.PI) / 180;
  const q = (rollDeg * Math.PI) / 180;
  const [cp, sp, cr, sr] = [Math.cos(p), Math.sin(p), Math.cos(q), Math.sin(q)];
  for (let v = 0; v < rows; v++) {
    const elevation = Math.PI * (0.5 - (v + 0.5) / rows);
    const ce = Math.cos(elevation);
    const se = Math.sin(elevation);
    for (let u = 0; u < width; u++) {
      const azimuth = ((u + 0.5) / width - 0.5) * 2 * Math.PI;
      const x = Math.sin(azimuth) * ce;
      const y = Math.cos(azimuth) * ce;
      const x1 = x * cr + se * sr;
      const z1 = -x * sr + se * cr;
      const y2 = y * cp - z1 * sp;
      const z2 = y * sp + z1 * cp;
      const gu = width * (0.5 + Math.atan2(x1, y2) / (2 * Math.PI)) - 0.5;
      const gv = Math.min(
        Math.max(rows * (0.5 - Math.asin(Math.min(1, Math.max(-1, z2))) / Math.PI) - 0.5, 0),
        rows - 1,
      );
      const iu = Math.floor(gu);
      const iv = Math.min(Math.floor(gv), rows - 2);
      const fu = gu - iu;
      const fv = gv - iv;
      const u0 = (iu + width) % width;
      const u1 = (iu + 1 + width) % width;
      for (let c = 0; c < 3; c++) {
        const top =
          (level[(iv * width + u0) * 3 + c] as number) * (1 - fu) +
          (level[(iv * width + u1) * 3 + c] as number) * fu;
        const low =
          (level[((iv + 1) * width + u0) * 3 + c] as number) * (1 - fu) +
          (level[((iv + 1) * width + u1) * 3 + c] as number) * fu;
        out[(v * width + u) * 3 + c] = top * (1 - fv) + low * fv + 0.5;
      }
    }
  }
  return out;
}
