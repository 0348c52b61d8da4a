// What a measurement is made on: the machine, and the panoramas that ship.
import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';

/** One sentence: processor, cores, memory, Node. */
export function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = (totalmem() / 1024 ** 3).toFixed(0);
  const { version, platform, arch } = process;
  return `${model}, ${availableParallelism()} cores, ${memory} GiB, Node ${version}, ${platform} ${arch}.`;
}

/** The JPEG files of a folder. Throws where there are none. */
export async function demoPanoramas(dir: string): Promise<Buffer[]> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => name.endsWith('.jpg')).sort();
  if (names.length === 0) throw new Error(`${dir} holds no panoramas: run "npm run demo:make".`);
  return Promise.all(names.map((name) => readFile(join(dir, name))));
}
