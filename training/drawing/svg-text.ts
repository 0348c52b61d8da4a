// Text in SVG: labels of sample grids and everything written on charts.

/** Fonts with like widths, so that a drawing looks the same wherever one of them is there. */
export const FONT_FAMILY = 'Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif';

/** A mean letter's width as a share of the font's size; the widest of the fonts (DejaVu Sans) and a little more. */
const LETTER = 0.62;

/** About as wide as the text will be; nothing measures fonts here, and the reader's font may be another one. */
export function textWidthPx(text: string, fontPx: number): number {
  return text.length * fontPx * LETTER;
}

/** The text with the characters that XML keeps for itself written as entities. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);
}
