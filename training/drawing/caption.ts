// Text on sheets without any font of the machine: the common 5 x 7 pixel letters, so that a sheet has the same bytes
// everywhere.
import type { RgbImage } from 'skyfix/geometry';

/** Space to tilde, then the degree sign; five columns a letter, two hexadecimal digits a column, lowest bit on top. */
const COLUMNS =
  '000000000000005F00000007000700147F147F14242A7F2A12231308646236495620500008070300001C2241000041221C00' +
  '2A1C7F1C2A08083E080800807030000808080808000060600020100804023E5149453E00427F400072494949462141494D33' +
  '1814127F1027454545393C4A49493141211109073649494936464949291E0000140000004034000000081422411414141414' +
  '004122140802015909063E415D594E7C1211127C7F494949363E414141227F4141413E7F494949417F090909013E41415173' +
  '7F0808087F00417F41002040413F017F081422417F404040407F021C027F7F0408107F3E4141413E7F090909063E4151215E' +
  '7F09192946264949493203017F01033F4040403F1F2040201F3F4038403F631408146303047804036159494D43007F414141' +
  '0204081020004141417F04020102044040404040000307080020545478407F284444383844444428384444287F3854545418' +
  '00087E090218A4A49C787F0804047800447D40002040403D007F1028440000417F40007C047804787C080404783844444438' +
  'FC1824241818242418FC7C08040408485454542404043F44243C4040207C1C2040201C3C4030403C44281028444C9090907C' +
  '4464544C4400083641000000770000004136080002010204020006090600';

const LETTER_PX = 6;
const HEIGHT_PX = 8;

/** Size of a line of text at a scale. */
export function captionSize(text: string, scale: number): { widthPx: number; heightPx: number } {
  return { widthPx: text.length * LETTER_PX * scale, heightPx: HEIGHT_PX * scale };
}

/** Place of a letter in COLUMNS. */
function numberOf(letter: string): number {
  if (letter === '°') return 95;
  const code = letter === '−' ? 45 : letter.charCodeAt(0);
  return (code >= 32 && code <= 126 ? code : 63) - 32;
}

/** Writes one line with its upper left corner at left, top; what leaves the image is cut, unknown letters are "?". */
export function drawCaption(
  image: RgbImage,
  text: string,
  left: number,
  top: number,
  scale: number,
  colour: readonly [number, number, number] = [0, 0, 0],
): void {
  for (const [k, letter] of [...text].entries()) {
    const at = numberOf(letter) * 10;
    for (let column = 0; column < 5; column++) {
      const bits = Number.parseInt(COLUMNS.slice(at + column * 2, at + column * 2 + 2), 16);
      for (let row = 0; row < 8; row++) {
        if (((bits >> row) & 1) === 0) continue;
        fillRect(image, left + (k * LETTER_PX + column) * scale, top + row * scale, scale, scale, colour);
      }
    }
  }
}

/** Fills a rectangle, cut at the image's edges. */
export function fillRect(
  image: RgbImage,
  left: number,
  top: number,
  widthPx: number,
  heightPx: number,
  colour: readonly [number, number, number],
): void {
  for (let y = Math.max(0, top); y < Math.min(image.heightPx, top + heightPx); y++) {
    for (let x = Math.max(0, left); x < Math.min(image.widthPx, left + widthPx); x++) {
      image.data.set(colour, (y * image.widthPx + x) * 3);
    }
  }
}
