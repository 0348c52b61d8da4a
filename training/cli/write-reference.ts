// npm run docs:config: writes the reference of a run's fields and the schema for editors.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from 'skyfix/cli';
import { REFERENCE_FILES, referenceTexts } from '../config/index.js';

const texts = await referenceTexts();
for (const name of ['markdown', 'jsonSchema'] as const) {
  const path = join(PACKAGE_ROOT, REFERENCE_FILES[name]);
  await writeFile(path, texts[name]);
  process.stdout.write(`${path}\n`);
}
