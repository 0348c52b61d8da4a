// Comma-separated values as RFC 4180 has them: quoted fields may hold commas, quotes ("" for one) and line breaks.

export interface CsvRow {
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Every row of a CSV text, empty lines left out; a byte order mark is skipped. Throws where a quote is never closed. */
export function parseCsv(text: string): CsvRow[] {
  return [...csvRows(text)];
}

/** The same one by one, so that a caller with a large file can pause. */
export function* csvRows(text: string): Generator<CsvRow> {
  yield* new CsvReader().rows(text, true);
}

/**
 * The rows of a text that comes in pieces, cut anywhere: those that each piece completes. Holds a piece and a row at a
 * time. Throws where a quote is not closed, at the end or within `longestRow` characters.
 */
export async function* csvRowsInPieces(
  pieces: AsyncIterable<string> | Iterable<string>,
  longestRow = 2 ** 24,
): AsyncGenerator<readonly CsvRow[]> {
  const reader = new CsvReader();
  for await (const piece of pieces) {
    yield [...reader.rows(piece, false)];
    if (reader.held <= longestRow) continue;
    throw new Error(`line ${reader.line}: a row does not end within ${longestRow} characters`);
  }
  yield [...reader.rows('', true)];
}

/** Keeps the part of a text behind the last complete row. */
class CsvReader {
  #text = '';
  #begun = false;
  /** Of the first row that was not complete yet. */
  line = 1;

  /** Characters kept. */
  get held(): number {
    return this.#text.length;
  }

  /** Rows that end in the text so far; with `final` the last one needs no line break. */
  *rows(piece: string, final: boolean): Generator<CsvRow> {
    this.#text += piece;
    const text = this.#text;
    let at = !this.#begun && text.charCodeAt(0) === 0xfeff ? 1 : 0;
    if (text !== '') this.#begun = true;
    while (at < text.length) {
      const { line } = this;
      const newline = text.indexOf('\n', at);
      if (newline < 0 && !final) break;
      const end = newline < 0 ? text.length : newline;
      const plain = text.slice(at, end);
      if (plain.includes('"')) {
        const row = quotedRow(text, at);
        if (!row && final) throw new Error(`line ${line}: a quote is never closed`);
        if (!row || !(row.ended || final)) break;
        this.line += text.slice(at, row.next).split('\n').length - 1;
        at = row.next;
        yield { line, fields: row.fields };
        continue;
      }
      const content = plain.endsWith('\r') ? plain.slice(0, -1) : plain;
      this.line++;
      at = end + 1;
      if (content !== '') yield { line, fields: content.split(',') };
    }
    this.#text = text.slice(at);
  }
}

/** A row with quotes in it, which may go over several lines; undefined where a quote is not closed. `ended`: by a line break. */
function quotedRow(
  text: string,
  from: number,
): { fields: string[]; next: number; ended: boolean } | undefined {
  const fields: string[] = [];
  let field = '';
  let at = from;
  let ended = false;
  while (at < text.length && !ended) {
    const c = text[at] as string;
    at++;
    if (c === '"' && field === '') {
      const end = closingQuote(text, at);
      if (end < 0) return undefined;
      field = text.slice(at, end).replaceAll('""', '"');
      at = end + 1;
    } else if (c === ',') {
      fields.push(field);
      field = '';
    } else if (c === '\n') ended = true;
    else if (c !== '\r') field += c;
  }
  return { fields: [...fields, field], next: at, ended };
}

function closingQuote(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

/** One field, quoted where it must be. */
export function csvField(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
