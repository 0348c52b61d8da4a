// Comma-separated values as RFC 4180 has them: quoted fields may hold commas, quotes ("" for one) and line breaks.

export interface CsvRow {
  /** Line of the file on which the row begins, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Every row of a CSV text, empty lines left out; a byte order mark is skipped. Throws where a quote is never closed. */
export function parseCsv(text: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let fields: string[] = [];
  let field = '';
  let line = 1;
  let rowLine = 1;
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const endRow = () => {
    if (fields.length > 0 || field !== '') rows.push({ line: rowLine, fields: [...fields, field] });
    fields = [];
    field = '';
  };
  while (at < text.length) {
    const c = text[at] as string;
    if (c === '"' && field === '') {
      const end = closingQuote(text, at + 1);
      if (end < 0) throw new Error(`line ${line}: a quote is never closed`);
      const quoted = text.slice(at + 1, end);
      field = quoted.replaceAll('""', '"');
      line += quoted.split('\n').length - 1;
      at = end + 1;
      continue;
    }
    if (c === ',') {
      fields.push(field);
      field = '';
    } else if (c === '\n') {
      endRow();
      rowLine = ++line;
    } else if (c !== '\r') field += c;
    at++;
  }
  endRow();
  return rows;
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
