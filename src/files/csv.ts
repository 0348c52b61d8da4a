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
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const plain = text.slice(at, end);
    if (plain.includes('"')) {
      const row = quotedRow(text, at, line);
      yield { line, fields: row.fields };
      line += text.slice(at, row.next).split('\n').length - 1;
      at = row.next;
      continue;
    }
    const content = plain.endsWith('\r') ? plain.slice(0, -1) : plain;
    if (content !== '') yield { line, fields: content.split(',') };
    at = end + 1;
    line++;
  }
}

/** A row with quotes in it, which may go over several lines. */
function quotedRow(text: string, from: number, line: number): { fields: string[]; next: number } {
  const fields: string[] = [];
  let field = '';
  let at = from;
  while (at < text.length) {
    const c = text[at] as string;
    at++;
    if (c === '"' && field === '') {
      const end = closingQuote(text, at);
      if (end < 0) throw new Error(`line ${line}: a quote is never closed`);
      field = text.slice(at, end).replaceAll('""', '"');
      at = end + 1;
    } else if (c === ',') {
      fields.push(field);
      field = '';
    } else if (c === '\n') break;
    else if (c !== '\r') field += c;
  }
  return { fields: [...fields, field], next: at };
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
