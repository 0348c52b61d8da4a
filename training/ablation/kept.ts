// Figures that are measured once and kept as a file each.
import { readTextIfThere, writeFileAtomic } from 'skyfix/files';

/** What is in the file; where there is none it is made, and written when it is whole. */
export async function kept<T>(path: string, make: () => Promise<T>): Promise<T> {
  const known = await readTextIfThere(path);
  if (known !== undefined) return JSON.parse(known) as T;
  const made = await make();
  await writeFileAtomic(path, `${JSON.stringify(made)}\n`);
  return made;
}
