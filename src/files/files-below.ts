// The files of a folder and of the folders in it. Node's own recursive listing follows links round in circles: a link to a
// folder above it is read some forty levels deep, and of two such links the listing doubles at every level.
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Every file below a folder, named from it with `/`, in the order of the names' code units. Links to files and to folders are
 * followed; a folder that is met again on its own way down is a circle and is not entered. Links that lead nowhere are listed:
 * who opens one has the error. Folders for which `skip` says so are not entered. Throws what the file system throws.
 */
export async function filesBelow(
  root: string,
  skip: (folder: string) => boolean = () => false,
): Promise<readonly string[]> {
  const files: string[] = [];
  const walk = async (folder: string, above: ReadonlySet<string>): Promise<void> => {
    const own = await realpath(join(root, folder));
    if (above.has(own)) return;
    const way = new Set(above).add(own);
    for (const entry of await readdir(own, { withFileTypes: true })) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const kind = entry.isSymbolicLink() ? await stat(join(own, entry.name)).catch(() => undefined) : entry;
      if (kind?.isDirectory()) {
        if (!skip(name)) await walk(name, way);
      } else if (kind === undefined || kind.isFile()) files.push(name);
    }
  };
  await walk('', new Set());
  return files.sort();
}
