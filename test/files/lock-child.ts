// A process that takes a folder's lock, says so, and keeps it until it is killed or its stdin ends.
import { lockFolder } from '../../src/files/index.js';

const [dir = '', waitMs = '0'] = process.argv.slice(2);
const lock = await lockFolder(dir, { kind: 'work', waitMs: Number(waitMs) });
process.stdout.write('held\n');
for await (const _ of process.stdin);
await lock.release();
