// Figures into the documentation: what stands between two markers is replaced, nothing else.
import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../src/files/index.js';

/** Replaces what stands between <!-- NAME --> and <!-- /NAME --> in a Markdown file. Throws where they are not there. */
export async function writeSection(path: string, name: string, text: string): Promise<void> {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const before = await readFile(path, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} has no ${begin} … ${end}.`);
  const after = `${before.slice(0, from + begin.length)}\n\n${text.trim()}\n\n${before.slice(to)}`;
  await writeFileAtomic(path, [new TextEncoder().encode(after)]);
}
