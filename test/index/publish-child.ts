// Publishes or rolls back in a process of its own, again and again until it is killed: argv is data folder, region, then
// index folders; "back" between them rolls back. Says "ready" first.
import { publishIndex, rollbackIndex } from '../../index/index.js';

const [dataDir = '', region = '', ...steps] = process.argv.slice(2);
process.stdout.write('ready\n');
const endless = process.env.ENDLESS === '1';
do {
  for (const step of steps) {
    if (step === 'back') await rollbackIndex({ dataDir, region }).catch(ignoreNoPrevious);
    else await publishIndex({ indexDir: step, dataDir, region });
  }
} while (endless);

function ignoreNoPrevious(error: unknown): void {
  if ((error as { code?: string }).code !== 'INDEX_NO_PREVIOUS') throw error;
}
