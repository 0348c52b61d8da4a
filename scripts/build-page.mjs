// npm run build:page, and after npm ci: the page in web/ becomes web/dist, where its sources are others than it was built
// from. Beside each file lie it compressed, so that no server compresses at a request.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const web = join(root, 'web');
const dist = join(web, 'dist');
const STAMP = '.sources.sha256';
const COMPRESSED = /\.(m?js|css|svg|html)$/;
/** Whose versions change what is built. */
const PACKAGES = ['vite', 'maplibre-gl', 'pmtiles', 'preact', '@preact/signals'];

const digest = sourcesDigest();
if (!isBuiltFrom(digest)) await build(digest);

function isBuiltFrom(digest) {
  const stamp = join(dist, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
}

/** Written beside, then it takes the old one's place. */
async function build(digest) {
  const { build } = await import('vite');
  const fresh = `${dist}.${process.pid}.tmp`;
  const old = `${dist}.${process.pid}.old.tmp`;
  try {
    await build({ root: web, logLevel: 'warn', build: { outDir: fresh, emptyOutDir: true } });
    for (const name of readdirSync(fresh, { recursive: true }).map(String)) {
      if (!COMPRESSED.test(name)) continue;
      const bytes = readFileSync(join(fresh, name));
      writeFileSync(join(fresh, `${name}.br`), brotliCompressSync(bytes));
      writeFileSync(join(fresh, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    }
    writeFileSync(join(fresh, STAMP), digest);
    if (existsSync(dist)) renameSync(dist, old);
    renameSync(fresh, dist);
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
}

/** Of everything in web/, and of what it is built with. */
function sourcesDigest() {
  const hash = createHash('sha256');
  for (const name of readdirSync(web, { recursive: true }).map(String).sort()) {
    if (/^(dist|node_modules)/.test(name) || !/\.(html|tsx?|css|svg)$/.test(name)) continue;
    hash.update(`\n${name}\n`).update(readFileSync(join(web, name)));
  }
  for (const name of PACKAGES) {
    hash.update(readFileSync(join(root, 'node_modules', name, 'package.json')));
  }
  return hash.digest('hex');
}
