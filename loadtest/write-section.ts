// Figures into the documentation: what stands between two markers is replaced, nothing else.
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../src/files/index.js';

/** Columns of a page's prose. */
const COLUMNS = 150;

/** Breaks lines of prose; tables and pictures stay as they are. */
function wrapped(text: string): string {
  const linesOf = (line: string) =>
    /^[|!<]/.test(line) ? line : line.replace(new RegExp(`(.{1,${COLUMNS}})(?: |$)`, 'g'), '$1\n').trimEnd();
  return text.split('\n').map(linesOf).join('\n');
}

/**
 * Replaces what stands between <!-- NAME --> and <!-- /NAME --> in a Markdown file; prose in lines. Throws where they are not
 * there.
 */
export async function writeSection(path: string, name: string, text: string): Promise<void> {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const before = await readFile(path, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} has no ${begin} … ${end}.`);
  const after = `${before.slice(0, from + begin.length)}\n\n${wrapped(text.trim())}\n\n${before.slice(to)}`;
  await writeFileAtomic(path, [new TextEncoder().encode(after)]);
}
